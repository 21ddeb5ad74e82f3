import { DEBIAN_ROOT, windowsPrograms } from "../paths.ts";
import { BRIDGE_PORT, RELAY_PORT } from "../ports.ts";
import type { System } from "./system.ts";

/** A path on the drive C of the Windows on it, as it is seen from outside. */
export const onDriveC = (path: string): string => `${DEBIAN_ROOT}/root/.wine/drive_c/${path}`;

/** The machine that `machine.sh` lays out: it has a pcscd of its own, and the Wine that talks to it. */
const MACHINE = ["chroot", DEBIAN_ROOT];

/** A command for Windows. What a Unix path names, Wine finds on the drive on which it starts programs. */
export const inWine = (...command: string[]): string[] => [
  ...MACHINE,
  "/usr/lib/wine/wine64",
  ...command,
];

/**
 * Windows, as Wine has it. The bridge asks it who is at the other end of a connection, and of those
 * outside it knows none: a program inside is the browser's hand.
 */
export const WINDOWS: System = {
  machine: MACHINE,
  pcscd: ["--disable-polkit"],
  bridge: inWine(windowsPrograms.bridge),
  serve: [],
  portal: inWine(windowsPrograms.portal),
  pinentry: windowsPrograms.scriptedPinentry,
  env: { HOME: "/root", WINEDEBUG: "-all" },
  relay: {
    command: inWine(windowsPrograms.relay, String(RELAY_PORT), String(BRIDGE_PORT)),
    browser: [`--host-resolver-rules=MAP 127.0.0.1:${BRIDGE_PORT} 127.0.0.1:${RELAY_PORT}`],
  },
};

const DISPLAY = ":9";

const onScreen = (...command: string[]): string[] => [
  ...MACHINE,
  "env",
  `DISPLAY=${DISPLAY}`,
  ...command,
];

/** The same with the dialog that comes with the bridge, on a screen. */
export const WINDOWS_WITH_DIALOG: System = {
  ...WINDOWS,
  pinentry: windowsPrograms.overheardPinentry,
  env: { ...WINDOWS.env, DISPLAY, KAZASHI_E2E_PINENTRY: windowsPrograms.pinentry },
  screen: {
    show: [...MACHINE, "Xvfb", DISPLAY, "-screen", "0", "1280x800x24"],
    sign: `${DEBIAN_ROOT}/tmp/.X11-unix/X${DISPLAY.slice(1)}`,
    manageWindows: onScreen("openbox", "--sm-disable"),
    xdotool: onScreen("xdotool"),
  },
};
