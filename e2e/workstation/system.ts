import { programs } from "../paths.ts";

/** What the smart card service, the bridge and the portal of a workstation run on. */
export interface System {
  /** What stands before the command of a program that talks to pcscd, so that it runs where pcscd does. */
  machine: string[];
  /** What pcscd needs to be told there. */
  pcscd: string[];
  /** The command by which the bridge is started, and what tests add where it serves. */
  bridge: string[];
  serve: string[];
  /** The command by which the portal is started. */
  portal: string[];
  /** The program by which the bridge has its dialog shown. */
  pinentry: string;
  /** What programs find in their environment there. */
  env: Record<string, string>;
  /** A screen on which that program has windows: a person types into them. */
  screen?: Screen;
  /** A program between browser and bridge, and how the browser is told of it. */
  relay?: { command: string[]; browser: string[] };
}

/** A screen that nobody sees. */
export interface Screen {
  show: string[];
  /** A file that is there as soon as it is. */
  sign: string;
  /** Gives windows the keyboard. */
  manageWindows: string[];
  /** A person's hands. */
  xdotool: string[];
}

/** The machine on which the tests run. */
export const HERE: System = {
  machine: [],
  pcscd: [],
  bridge: [programs.bridge],
  // End-to-end tests may run as root, who alone can give each a network of its own.
  serve: ["--allow-root"],
  portal: [programs.portal],
  pinentry: programs.scriptedPinentry,
  // Without the runtime folder of whoever runs the tests, where all bridges would have one socket.
  env: { TERM: "xterm", LC_ALL: "C.UTF-8", XDG_RUNTIME_DIR: "" },
};
