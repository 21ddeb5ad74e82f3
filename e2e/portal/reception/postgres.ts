import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../ports.ts";
import { Program, run } from "../../program.ts";

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

  /** Makes and starts one. Its log is in this folder. */
  static async start(folder: string): Promise<Postgres> {
    const data = mkdtempSync(join(tmpdir(), "kazashi-postgres-"));
    const settings = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
    const initdb = [...asPostgres, program("initdb"), "--pgdata", data, ...settings, "--no-sync"];
    await run(initdb, { cwd: tmpdir() });
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
    const [words, folder] = ["ready to accept connections", this.#folder];
    this.#server = await Program.ready("postgres", this.#command, words, { folder });
  }

  /**
   * Has so many minutes pass for whoever uses it, as if the clocks had been put on: all times that it keeps
   * are that much longer ago, but for those of the record, which is only ever added to.
   */
  async pass(minutes: number): Promise<void> {
    const update = `
      DO $$ DECLARE kept record; BEGIN
        FOR kept IN SELECT table_name AS place, column_name AS time FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name <> 'portal_audit'
          AND column_name ~ '^(at|.*_at|.*_until)$'
        LOOP
          EXECUTE format('UPDATE %1$I SET %2$I = %2$I - ${minutes * 60_000}', kept.place, kept.time);
        END LOOP;
      END $$`;
    await run([program("psql"), this.url, "--quiet", "--command", update], { cwd: tmpdir() });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true });
  }
}

/** PostgreSQL does not run as root: how it takes itself for another user. */
const asPostgres =
  process.getuid?.() === 0
    ? ["unshare", "--user", "--map-user=postgres", "--map-group=postgres"]
    : [];

/** The newest version's, where Debian keeps them. */
function program(name: string): string {
  const [newest] = readdirSync("/usr/lib/postgresql").sort((one, other) => +other - +one);
  return `/usr/lib/postgresql/${newest}/bin/${name}`;
}
