import { type GateList, PortalError } from "../api.ts";
import type { ProvisionalEntries } from "./provisional-entries.ts";
import { type GateServer, isOutOfReach } from "./server.ts";

/** How often a gate whose server answers renews its list, in milliseconds. */
const RENEWAL = 60_000;
/** How soon a server that was lost is tried again at first, and how late at most. */
const FIRST_TRY = 1_000;
const LATEST_TRY = 15_000;
/** How many entries the server is told of in one request. */
const BATCH = 50;

/**
 * The connection to the server: notices when it comes back, tells it of the entries that were made
 * without it, oldest first, and keeps the list new for the next time.
 */
export class Connection {
  readonly #server: GateServer;
  readonly #entries: ProvisionalEntries;
  readonly #renew: (list: GateList) => Promise<void>;
  readonly #changed: () => void;
  #isUp = false;
  #problem: PortalError | undefined;
  #wake = (): void => {};

  /** `renew` is given each new list; `changed` is called when anything here has changed. */
  constructor(
    server: GateServer,
    entries: ProvisionalEntries,
    renew: (list: GateList) => Promise<void>,
    changed: () => void,
  ) {
    this.#server = server;
    this.#entries = entries;
    this.#renew = renew;
    this.#changed = changed;
  }

  /** Whether the server answers, and knows all that happened while it did not. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** What the server refused the last time it was told of entries or asked for the list, if it did. */
  get problem(): PortalError | undefined {
    return this.#problem;
  }

  /** The server was found to be out of reach. It is tried again, at longer and longer intervals. */
  lose(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#changed();
    this.#wake();
  }

  /** An entry was kept. If the server is there, it is told at once. */
  hasEntry(): void {
    if (this.#isUp) this.#wake();
  }

  /** Keeps the connection, after it was made at first by {@link Connection.meet}, until the signal aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    let wait = FIRST_TRY;
    while (!signal.aborted) {
      if (this.#isUp) {
        wait = FIRST_TRY;
        await this.#sleep(RENEWAL, signal);
      }
      // If it was lost in the meantime, it is not asked again at once.
      if (!this.#isUp) {
        await this.#sleep(wait, signal);
        wait = Math.min(2 * wait, LATEST_TRY);
      }
      if (!signal.aborted) await this.meet();
    }
  }

  /** Tells the server what happened without it, and asks it for a new list, if it is there. */
  async meet(): Promise<void> {
    this.#isUp = (await this.#server.isHealthy()) && (await this.#catchUp());
    this.#changed();
  }

  async #catchUp(): Promise<boolean> {
    this.#problem = undefined;
    for (const step of [
      () => this.#deliver(),
      async () => this.#renew(await this.#server.list()),
    ]) {
      try {
        await step();
      } catch (error) {
        if (isOutOfReach(error)) return false;
        const isRefusal = error instanceof PortalError;
        this.#problem ??= isRefusal ? error : new PortalError("unavailable", { cause: error });
      }
    }
    return true;
  }

  /** Tells the server of the entries, in the order in which they were made. */
  async #deliver(): Promise<void> {
    for (;;) {
      const [oldest, ...others] = this.#entries.waiting;
      if (!oldest) return;
      const { event } = oldest;
      const batch = [oldest, ...others.filter((entry) => entry.event === event)].slice(0, BATCH);
      const sent = batch.map(({ id, ticket, at }) => ({ id, ticket, at }));
      const settled = await this.#server.settle(event, sent);
      const outcomes = new Map(settled.map(({ id, outcome }) => [id, outcome]));
      for (const entry of batch) {
        const outcome = outcomes.get(entry.id);
        if (!outcome) throw new PortalError("unavailable");
        if (outcome === "admitted") this.#entries.drop(entry.id);
        else this.#entries.keep({ ...entry, refusal: outcome });
      }
      this.#changed();
    }
  }

  async #sleep(duration: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, duration);
      signal.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }
}
