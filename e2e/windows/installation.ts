import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { run } from "../program.ts";
import { inWine, onDriveC, WINDOWS } from "../workstation/wine.ts";

/** Where the installer puts programs. */
const PROGRAMS = "C:\\Program Files\\Kazashi";

/** The command of a program that is installed. */
export const installed = (name: string, ...args: string[]): string[] =>
  inWine(`${PROGRAMS}\\${name}.exe`, ...args);

/** Runs a program for Windows to its end. */
export function runInWine(...command: string[]): Promise<string> {
  return run(inWine(...command), { env: { ...process.env, ...WINDOWS.env } });
}

/** Has Windows start what it starts when somebody signs in, and leaves it running. */
export async function signInToWindows(): Promise<void> {
  const [file = "", ...args] = inWine("wineboot");
  const env = { ...process.env, ...WINDOWS.env };
  await once(spawn(file, args, { env, stdio: "ignore" }), "exit");
}

/** Ends the bridge that is installed by force; before it what would start it again. */
export async function endBridge(): Promise<void> {
  for (const program of ["kazashi-background.exe", "kazashi-bridge.exe"]) {
    // There may be none.
    await runInWine("taskkill", "/f", "/im", program).catch(() => {});
  }
}

/** Has Windows Installer do something without asking anybody. */
export async function msiexec(does: "/i" | "/x", msi: string, ...properties: string[]) {
  await runInWine("msiexec", does, `Z:${msi.replaceAll("/", "\\")}`, "/qn", ...properties);
}

/** What is on drive C, and in the part of the registry that is for all users and for programs. */
export interface Listing {
  files: string[];
  /** Each value as `KEY NAME=DATA`, below HKEY_LOCAL_MACHINE\Software. */
  values: string[];
}

export async function list(): Promise<Listing> {
  const entries = readdirSync(onDriveC(""), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const begin = onDriveC("").length;
  const paths = files.map((file) => `${file.parentPath}/${file.name}`.slice(begin));
  return {
    files: paths.filter((path) => !path.startsWith("windows/temp/")).sort(),
    values: await values(),
  };
}

async function values(): Promise<string[]> {
  await runInWine("reg", "export", "HKLM\\Software", "C:\\windows\\temp\\software.reg", "/y");
  const text = readFileSync(onDriveC("windows/temp/software.reg"), "utf16le");
  const found: string[] = [];
  let key = "";
  // A long value goes on in the next line, after a backslash.
  for (const line of text.replaceAll(/\\\r?\n\s*/g, "").split(/\r?\n/)) {
    const [, begun] = /^\[HKEY_LOCAL_MACHINE\\Software\\(.*)\]$/.exec(line) ?? [];
    if (begun) key = begun;
    else if (line.includes("=")) found.push(`${key} ${line}`);
  }
  // Policies are the same for programs of 32 bits, under a second name.
  return found.filter((value) => !value.startsWith("Wow6432Node\\Policies\\")).sort();
}

/** What is in the second and not in the first. */
export function added(before: Listing, after: Listing): Listing {
  const isNew = (all: string[]) => {
    const known = new Set(all);
    return (it: string) => !known.has(it);
  };
  return {
    files: after.files.filter(isNew(before.files)),
    values: after.values.filter(isNew(before.values)),
  };
}

/** The same without what Windows Installer writes down for itself, as long as something is installed. */
export function withoutItsNotes({ files, values }: Listing): Listing {
  const isNote = /^windows\/Installer\/|\\Installer\\|\\Uninstall\\/;
  return {
    files: files.filter((file) => !isNote.test(file)),
    values: values.filter((value) => !isNote.test(value)),
  };
}
