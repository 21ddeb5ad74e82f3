import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { READER_PORT } from "../ports.ts";
import { Program } from "../program.ts";
import type { System } from "./system.ts";

/** Where libpcsclite looks for the daemon; it cannot be told otherwise, so there is one for all in a mount namespace. */
const SOCKET = "/run/pcscd/pcscd.comm";

const PORT = `0x${READER_PORT.toString(16)}`;
const VIRTUAL = `FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:${PORT}
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID ${PORT}
`;

/** What pcscd says last of a card that is put on a reader, and all that it says of one that it finds there. */
export const CARD_NOTICED = /Card ATR|Error powering up card/;

/** Readers as pcscd is told of them: those of vsmartcard-vpcd, or none. */
export type Readers = "virtual" | "none";

/** Starts pcscd. Its log and its configuration are in this folder. */
export async function startPcscd(
  folder: string,
  readers: Readers,
  system: System,
): Promise<Program> {
  if (await answers()) {
    throw new Error(
      "Another pcscd runs on this machine, and these tests need their own. Stop it first, " +
        "for instance with: systemctl stop pcscd.socket pcscd.service",
    );
  }
  const config = join(folder, "readers.conf");
  writeFileSync(config, readers === "virtual" ? VIRTUAL : "");
  const command = [...system.machine, "pcscd", "--foreground", "--info", "--config", config];
  const pcscd = Program.start("pcscd", [...command, ...system.pcscd], { folder });
  while (!(await answers())) {
    if (pcscd.ended) throw new Error(`pcscd did not start; it needs root: ${pcscd.output}`);
    await setTimeout(20);
  }
  return pcscd;
}

async function answers(): Promise<boolean> {
  const socket = connect(SOCKET);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
