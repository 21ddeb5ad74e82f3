import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { DEBIAN_ROOT, inPackages, inProject } from "../paths.ts";
import { run } from "../program.ts";
import { onDebian } from "../workstation/debian.ts";

// Whoever installs is root there and presses Enter at every question. There is no network: apt warns, and
// keeps to what it knows and has of Debian's own packages.

/** What README says about installing, command by command, with the package that is named there. */
export const INSTALLATION = readInstallation();

/**
 * Installs packages as README says, from the repository that `cargo xtask test` makes. Returns how many
 * seconds of a processor that took.
 */
export async function install(...packages: string[]): Promise<number> {
  const repository = `${DEBIAN_ROOT}/srv/kazashi`;
  mkdirSync(`${DEBIAN_ROOT}/srv`, { recursive: true });
  rmSync(repository, { force: true });
  symlinkSync(inPackages("tests/apt"), repository);
  const commands = INSTALLATION.join("\n").replace("kazashi-bridge", packages.join(" "));
  // The last line of what the shell says then is the time of all programs it ran, as 0m1.500s 0m0.500s.
  const times = (await typed(`${commands}\ntimes`)).trim().split("\n").at(-1) ?? "";
  const parts = [...times.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}

/** Installs packages as they were in a version before, which had the same programs. */
export async function installOlder(...packages: string[]): Promise<void> {
  for (const name of packages) {
    await typed(`
      dpkg-deb --raw-extract ${inPackages("tests/apt")}/${name}_*.deb /tmp/${name}
      cd /tmp/${name}
      sed -i 's/^Version: .*/Version: 0.0.1-1/' DEBIAN/control
      # Its files of configuration, in which a package says what is new, were others.
      for file in $(grep -s '^/etc/' DEBIAN/conffiles); do echo '# 0.0.1' >> ".$file"; done
      dpkg-deb --build --root-owner-group -Znone . /tmp/${name}.deb
      apt install /tmp/${name}.deb`);
  }
}

export async function purge(name: string): Promise<void> {
  await typed(`apt purge ${name}`);
}

/** The version of a package that is installed. */
export async function versionOf(name: string): Promise<string> {
  const shown = await run(onDebian("dpkg-query", "--show", name));
  return shown.trim().split("\t")[1] ?? "";
}

/** All files and folders of the machine that have our name in their path. */
export async function ours(): Promise<string[]> {
  const found = await run(onDebian("find", "/", "-xdev", "-path", "*kazashi*"));
  // The repository, and what apt knows of it.
  const isOfApt = /^\/(etc\/apt|srv|var\/lib\/apt)\//;
  return found
    .split("\n")
    .filter((path) => path && !isOfApt.test(path))
    .sort();
}

function readInstallation(): string[] {
  const chapter = readFileSync(inProject("README.md"), "utf8").split("\n## Install\n")[1] ?? "";
  const [, , commands = ""] = chapter.split("```sh\n");
  return commands.split("```")[0]?.trim().split("\n") ?? [];
}

/** Types commands on the machine. */
async function typed(commands: string): Promise<string> {
  const script = `sudo() { "$@"; }\n${commands}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const atTheKeys = onDebian("sh", "-c", "yes '' | sh -ec \"$0\"", script);
  return await run(atTheKeys, { env, maxBuffer: 1 << 24 });
}
