import { programs } from "../paths.ts";
import type { System } from "./system.ts";

/** Where it is. */
export const ROOT = "/run/debian-12";

/** A command on the machine that `machine.sh` lays out: the Debian on which packages are installed. */
export const onDebian = (...command: string[]): string[] => ["chroot", ROOT, ...command];

/** That Debian with what its packages have put there. */
export const DEBIAN: System = {
  machine: onDebian(),
  pcscd: [],
  bridge: onDebian("/usr/bin/kazashi-bridge"),
  serve: ["--allow-root"],
  portal: onDebian("/usr/bin/kazashi-portal"),
  pinentry: programs.scriptedPinentry,
  env: { LC_ALL: "C.UTF-8", XDG_RUNTIME_DIR: "" },
};
