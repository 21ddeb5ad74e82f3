import { type ChildProcess, type ExecFileOptions, execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs a program to its end, and returns what it prints. */
export async function run(command: string[], options: ExecFileOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  const { stdout } = await promisify(execFile)(file, args, options);
  return String(stdout);
}

export interface ProgramOptions {
  /** Where its log goes, as NAME.log. */
  folder: string;
  env?: Record<string, string>;
}

/** A program that a test started; it is ended by its process id, and only by that. */
export class Program {
  readonly name: string;
  /** What it has said so far, on both streams. */
  output = "";
  readonly #process: ChildProcess;
  readonly #heard = new EventEmitter();
  #ended: string | undefined;

  private constructor(name: string, process: ChildProcess, log: string) {
    this.name = name;
    this.#process = process;
    const file = createWriteStream(log, { flags: "a" });
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        file.write(text);
        this.output += text;
        this.#heard.emit("change");
      });
    }
    const end = (how: string) => {
      this.#ended ??= how;
      this.#heard.emit("change");
    };
    process.once("error", (error) => end(error.message));
    process.once("close", (code, signal) => end(`exit ${signal ?? code}`));
  }

  static start(name: string, command: string[], { folder, env }: ProgramOptions): Program {
    mkdirSync(folder, { recursive: true });
    const [file = "", ...args] = command;
    const child = spawn(file, args, { env: { ...process.env, ...env } });
    return new Program(name, child, join(folder, `${name}.log`));
  }

  /** Starts one, and waits until it says by these words that it is ready. */
  static async ready(
    name: string,
    command: string[],
    words: string,
    options: ProgramOptions,
  ): Promise<Program> {
    const program = Program.start(name, command, options);
    try {
      await program.says(words);
    } catch (error) {
      // It would go on, and take the port or the reader of the next.
      await program.stop();
      throw error;
    }
    return program;
  }

  /** Resolves as soon as its output, from `since` on, holds these words. */
  async says(words: string | RegExp, since = 0): Promise<void> {
    const limit = AbortSignal.timeout(20_000);
    const holds = (said: string) =>
      typeof words === "string" ? said.includes(words) : words.test(said);
    while (!holds(this.output.slice(since))) {
      if (this.#ended) throw new Error(`${this.name} ended (${this.#ended}): ${this.output}`);
      await once(this.#heard, "change", { signal: limit }).catch(() => {
        throw new Error(`${this.name} did not say “${words}”, but: ${this.output}`);
      });
    }
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Its process id. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How much memory it has now, in bytes. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }

  /** Types on its standard input. */
  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Ends its standard input, and waits until it has ended of itself. */
  async finish(): Promise<string> {
    this.#process.stdin?.end();
    await this.#hasEnded();
    return this.output;
  }

  /** Has it stand still, as on a machine that sleeps, until it goes on. */
  stand(): void {
    this.#process.kill("SIGSTOP");
  }

  goOn(): void {
    this.#process.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Has it end at once, as if its machine lost power. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Waits for what it started, too, as far as that has its output open; but in Wine that may be for ever. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (!this.#ended && exitCode === null && signalCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill(signal);
      await gone;
    }
    const patience = setTimeout(() => {
      this.#process.stdout?.destroy();
      this.#process.stderr?.destroy();
    }, 5_000);
    await this.#hasEnded();
    clearTimeout(patience);
  }

  async #hasEnded(): Promise<void> {
    while (!this.#ended) await once(this.#heard, "change");
  }
}
