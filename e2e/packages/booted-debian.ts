import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { DEBIAN_ROOT } from "../paths.ts";
import { Program, run } from "../program.ts";

/**
 * The Debian on which packages are installed, started by its systemd, in a container that has devices of
 * its own: systemd would change those of this machine. It has the same network.
 */
export class BootedDebian {
  readonly #container: Program;
  /** Its first process, as it is numbered here. */
  readonly #systemd: string;

  private constructor(container: Program, systemd: string) {
    this.#container = container;
    this.#systemd = systemd;
  }

  static async boot(folder: string): Promise<BootedDebian> {
    for (const name of ["dev", "proc"]) await run(["umount", "--lazy", `${DEBIAN_ROOT}/${name}`]);
    const machine = [`--directory=${DEBIAN_ROOT}`, "--register=no", "--keep-unit"];
    const command = ["systemd-nspawn", ...machine, "--console=pipe", "--boot"];
    const container = Program.start("systemd", command, { folder });
    let booted: BootedDebian | undefined;
    while (booted === undefined || !(await booted.#isRunning())) {
      if (container.ended) throw new Error(container.output);
      await setTimeout(200);
      const [first] = childrenOf(container.pid);
      if (first) booted = new BootedDebian(container, first);
    }
    return booted;
  }

  /** Runs a command there to its end, as root. */
  async run(...command: string[]): Promise<string> {
    const namespaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd"];
    return await run(["nsenter", `--target=${this.#systemd}`, ...namespaces, ...command]);
  }

  /** Runs it as a user whose systemd runs. */
  async runAs(user: string, id: number, ...command: string[]): Promise<string> {
    const folder = `XDG_RUNTIME_DIR=/run/user/${id}`;
    return await this.run("runuser", `--user=${user}`, "--", "env", folder, ...command);
  }

  async #isRunning(): Promise<boolean> {
    const state = await this.run("systemctl", "is-system-running").catch(() => "");
    return state === "running\n";
  }

  async stop(): Promise<void> {
    await this.run("systemctl", "poweroff").catch(() => {});
    await this.#container.finish();
  }
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
}
