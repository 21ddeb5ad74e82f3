import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Program, type ProgramOptions } from "./program.ts";

/** Where libpcsclite looks for the daemon; it cannot be told otherwise, so there is one for all. */
const SOCKET = "/run/pcscd/pcscd.comm";

/**
 * Where the first virtual reader waits for its card; the second waits at the next port. Not where
 * Debian has them wait: ports from 32768 on are given to outgoing connections, and one of those that
 * had the reader's port would keep it from starting for a minute after its end.
 */
export const READER_PORT = 27400;

/** Starts pcscd with the virtual readers of vsmartcard-vpcd, or with those of another configuration. */
export async function startPcscd(options: ProgramOptions, config?: string): Promise<Program> {
  if (await answers()) {
    throw new Error(
      "Another pcscd runs on this machine, and these tests need their own. Stop it first, " +
        "for instance with: systemctl stop pcscd.socket pcscd.service",
    );
  }
  const readers = config ?? writeReaders(options.folder);
  const command = ["pcscd", "--foreground", "--info", "--config", readers];
  const pcscd = Program.start("pcscd", command, options);
  while (!(await answers())) {
    if (pcscd.ended) throw new Error(`pcscd did not start; it needs root: ${pcscd.output}`);
    await setTimeout(20);
  }
  return pcscd;
}

function writeReaders(folder: string): string {
  const file = join(folder, "readers.conf");
  mkdirSync(folder, { recursive: true });
  const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
  const port = `0x${READER_PORT.toString(16)}`;
  writeFileSync(
    file,
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${port}\nLIBPATH ${driver}\nCHANNELID ${port}\n`,
  );
  return file;
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
