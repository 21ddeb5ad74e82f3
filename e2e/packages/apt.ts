import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { inPackages } from "../paths.ts";
import { run } from "../program.ts";
import { onDebian, ROOT } from "../workstation/debian.ts";

/** Has apt take packages from the repository that `cargo xtask test` makes. */
export async function addRepository(): Promise<void> {
  const repository = inPackages("tests/apt");
  mkdirSync(`${ROOT}/etc/apt/keyrings`, { recursive: true });
  copyFileSync(`${repository}/kazashi.asc`, `${ROOT}/etc/apt/keyrings/kazashi.asc`);
  writeFileSync(
    `${ROOT}/etc/apt/sources.list.d/kazashi.list`,
    `deb [signed-by=/etc/apt/keyrings/kazashi.asc] file:${repository} ./\n`,
  );
  // There is no network: apt warns, and keeps to what it knows of Debian's own packages.
  await apt("update");
}

/** Has apt do something without asking anybody. */
export async function apt(...does: string[]): Promise<string> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return await run(onDebian("apt-get", "--quiet", "--yes", ...does), { env, maxBuffer: 1 << 24 });
}

/** All files and folders of the machine that have our name in their path. */
export async function ours(): Promise<string[]> {
  const found = await run(onDebian("find", "/", "-xdev", "-path", "*kazashi*"));
  const isOfApt = /^\/(etc\/apt|var\/lib\/apt)\//;
  return found
    .split("\n")
    .filter((path) => path && !isOfApt.test(path))
    .sort();
}
