import { existsSync } from "node:fs";
import { DEBIAN_ROOT, programs } from "../paths.ts";
import type { System } from "./system.ts";

/** A command on the machine that `machine.sh` lays out: a Debian on which packages are installed. */
export const onDebian = (...command: string[]): string[] => ["chroot", DEBIAN_ROOT, ...command];

/** By what pcscd is told there who may use it, since Debian 13. */
const POLICY = `${DEBIAN_ROOT}/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy`;

/** That Debian with what its packages have put there. */
export const DEBIAN: System = {
  machine: onDebian(),
  // Nobody sits at the machine in polkit's sense, where nothing has booted.
  get pcscd() {
    return existsSync(POLICY) ? ["--disable-polkit"] : [];
  },
  bridge: onDebian("/usr/bin/kazashi-bridge"),
  serve: ["--allow-root"],
  portal: onDebian("/usr/bin/kazashi-portal"),
  pinentry: programs.scriptedPinentry,
  env: { LC_ALL: "C.UTF-8", XDG_RUNTIME_DIR: "" },
};
