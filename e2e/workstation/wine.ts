import { windowsPrograms } from "../paths.ts";
import { BRIDGE_PORT, RELAY_PORT } from "../ports.ts";
import type { System } from "./system.ts";

/** The machine that `windows/machine.sh` lays out: it has a pcscd of its own, and the Wine that talks to it. */
const onMachine = (command: string[]): string[] => ["chroot", "/run/debian-13", ...command];

/** A command for Windows. What a Unix path names, Wine finds on the drive on which it starts programs. */
export const inWine = (command: string[]): string[] =>
  onMachine(["/usr/lib/wine/wine64", ...command]);

/**
 * Windows, as Wine has it. The bridge asks it who is at the other end of a connection, and of those
 * outside it knows none: a program inside is the browser's hand.
 */
export const WINDOWS: System = {
  pcscd: onMachine(["pcscd", "--disable-polkit"]),
  bridge: inWine([windowsPrograms.bridge]),
  serve: [],
  pinentry: windowsPrograms.scriptedPinentry,
  env: { HOME: "/root", WINEDEBUG: "-all" },
  relay: {
    command: inWine([windowsPrograms.relay, String(RELAY_PORT), String(BRIDGE_PORT)]),
    browser: [`--host-resolver-rules=MAP 127.0.0.1:${BRIDGE_PORT} 127.0.0.1:${RELAY_PORT}`],
  },
};
