import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

// Where things of this project are. What the tests use of the rest of the repository is named here, and
// in `package.ts`.

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "..");
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const profile = process.env.KAZASHI_E2E_PROFILE ?? "debug";

/** The name of the Debian that `machine.sh` lays out beside this machine, and where that is. */
const debian = process.env.KAZASHI_E2E_DEBIAN ?? "";
export const DEBIAN_ROOT = `/run/${debian}`;

/** A file or folder of this project. */
export const inProject = (path: string): string => resolve(root, path);

const built = (name: string): string => resolve(target, profile, name);

/** The programs of this project, as `cargo build` leaves them. */
export const programs = {
  bridge: built("kazashi-bridge"),
  emulator: built("kazashi-emulator"),
  otherProgram: built("other-program"),
  portal: built("kazashi-portal"),
  portalWithRevocation: built("portal-with-revocation"),
  scriptedPinentry: built("scripted-pinentry"),
  signIn: built("kazashi-pin-less"),
};

const builtForWindows = (name: string): string =>
  resolve(target, "x86_64-pc-windows-gnu/dist", `${name}.exe`);

/** Those that run in Wine, built as they are shipped. */
export const windowsPrograms = {
  bridge: builtForWindows("kazashi-bridge"),
  overheardPinentry: builtForWindows("overheard-pinentry"),
  pinentry: builtForWindows("kazashi-pinentry"),
  portal: builtForWindows("kazashi-portal"),
  relay: builtForWindows("relay"),
  scriptedPinentry: builtForWindows("scripted-pinentry"),
};

/** What is given to those who install it, as the tests have it made. */
export const inPackages = (path: string): string => resolve(target, "packages", path);

const installer = (name: string): string => inPackages(`tests/${name}.msi`);

/** Installers for Windows: of this version, the same made again, and of a higher version. */
export const installers = {
  this: installer("this"),
  again: installer("again"),
  higher: installer("higher"),
};

/** A program of the tests themselves. */
export const ofTheTests = (path: string): string => resolve(here, path);

/** What `under-administrator.sh` finds in its environment, to run a program after an administrator's command. */
export const underAdministrator = (program: string, command: string): Record<string, string> => ({
  KAZASHI_E2E_PROGRAM: program,
  KAZASHI_E2E_ADMINISTRATOR: command,
});

/**
 * A folder for what the test file that runs leaves behind: in `target/e2e`, there by the Debian on which it
 * runs if there is one, and by the file's own name. Files that run at the same time have no other place in common.
 */
export function ownFolder(...within: string[]): string {
  const { testPath = "" } = expect.getState();
  const name = testPath.slice(here.length).replace(/\.test\.ts$/, "");
  return resolve(root, "target/e2e", debian, name, ...within);
}
