import { programs } from "../paths.ts";

/** What the smart card service and the bridge of a workstation run on. */
export interface System {
  /** The command by which pcscd is started. */
  pcscd: string[];
  /** That by which the bridge is, and what tests add where it serves. */
  bridge: string[];
  serve: string[];
  /** The scripted dialog. */
  pinentry: string;
  /** What programs find in their environment there. */
  env: Record<string, string>;
  /** A program between browser and bridge, and how the browser is told of it. */
  relay?: { command: string[]; browser: string[] };
}

/** The machine on which the tests run. */
export const HERE: System = {
  pcscd: ["pcscd"],
  bridge: [programs.bridge],
  // End-to-end tests may run as root, who alone can give each a network of its own.
  serve: ["--allow-root"],
  pinentry: programs.scriptedPinentry,
  // Without the runtime folder of whoever runs the tests, where all bridges would have one socket.
  env: { TERM: "xterm", LC_ALL: "C.UTF-8", XDG_RUNTIME_DIR: "" },
};
