import { execFile, execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program } from "./program.ts";
import { freePort } from "./sign-in.ts";

/** Debian's PostgreSQL: a cluster in a temporary folder. */
export class Postgres {
  /** Of the one database that it has. */
  readonly url: string;
  readonly #command: string[];
  readonly #folder: string;
  readonly #data: string;
  #server: Program | undefined;

  private constructor(port: number, folder: string, data: string) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#folder = folder;
    this.#data = data;
    // Without `fsync`: the machine does not crash here.
    this.#command = [...asPostgres, program("postgres"), "-D", data, "-p", String(port)];
    for (const setting of ["listen_addresses=127.0.0.1", "fsync=off", "unix_socket_directories="]) {
      this.#command.push("-c", setting);
    }
  }

  /** Makes and starts it. Its log is in this folder. */
  static async start(folder: string): Promise<Postgres> {
    // Not in the project's folder, which its user may have no way into.
    const data = mkdtempSync(join(tmpdir(), "kazashi-postgres-"));
    if (asPostgres.length > 0) chownSync(data, number("-u"), number("-g"));
    const [initdb = "", ...cluster] = [...asPostgres, program("initdb"), "--pgdata", data];
    const settings = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
    await promisify(execFile)(initdb, [...cluster, ...settings, "--no-sync"], { cwd: tmpdir() });
    const postgres = new Postgres(await freePort(), folder, data);
    await postgres.startAgain();
    return postgres;
  }

  /** Has it end at once, as if its machine lost power. */
  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  /** Starts it with what it had. */
  async startAgain(): Promise<void> {
    this.#server = Program.start("postgres", this.#command, { folder: this.#folder });
    await this.#server.says("ready to accept connections");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true });
  }
}

/** PostgreSQL does not run as root: how it becomes another user. */
const asPostgres =
  process.getuid?.() === 0
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    : [];

function number(of: "-u" | "-g"): number {
  return Number(execFileSync("id", [of, "postgres"], { encoding: "utf8" }));
}

/** The newest version's, where Debian keeps them. */
function program(name: string): string {
  const [newest] = readdirSync("/usr/lib/postgresql").sort((one, other) => +other - +one);
  return `/usr/lib/postgresql/${newest}/bin/${name}`;
}
