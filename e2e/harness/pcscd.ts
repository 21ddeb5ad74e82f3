import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { Program, type ProgramOptions } from "./program.ts";

/** Where libpcsclite looks for the daemon; it cannot be told otherwise, so there is one for all. */
const SOCKET = "/run/pcscd/pcscd.comm";

/** Starts pcscd, with the virtual readers of Debian's vsmartcard-vpcd unless told otherwise. */
export async function startPcscd(options: ProgramOptions, args: string[] = []): Promise<Program> {
  if (await answers()) {
    throw new Error(
      "Another pcscd runs on this machine, and these tests need their own. Stop it first, " +
        "for instance with: systemctl stop pcscd.socket pcscd.service",
    );
  }
  const pcscd = Program.start("pcscd", ["pcscd", "--foreground", "--info", ...args], options);
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
