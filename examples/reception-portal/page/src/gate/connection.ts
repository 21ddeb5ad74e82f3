import { base64, type GateList, type ProvisionalEntry, type ProvisionalOutcome } from "../api.ts";
import { PortalError } from "../portal-error.ts";
import type { KeptEntry, ProvisionalEntries } from "./provisional-entries.ts";
import { type GateServer, isOutOfReach } from "./server.ts";

/** How often a gate whose server answers renews its list, in milliseconds. */
const RENEWAL = 60_000;
/** How soon a server that was lost is tried again at first, and how late at most. */
const FIRST_TRY = 1_000;
const LATEST_TRY = 15_000;
/** How many entries the server is told of in one request. */
const BATCH = 50;
/** What the server says of the list of an event whose gates let nobody in any more. */
const OVER: readonly string[] = ["event-closed", "not-found"];
/** The outcomes of which the staff need not know: somebody was let in rightly, or it was taken back. */
const AGREED: readonly string[] = ["admitted", "re-admitted", "given-back"];

/**
 * The connection to the server: notices when it comes back, tells it of the entries that were made
 * without it, oldest first, and keeps the list new for the next time.
 */
export class Connection {
  readonly #server: GateServer;
  readonly #entries: ProvisionalEntries;
  readonly #renew: (list: GateList | undefined) => Promise<void>;
  readonly #changed: () => void;
  #isUp = false;
  #problem: PortalError | undefined;
  #wake = (): void => {};

  /** `renew` is given each new list, and none when there is no more to come; `changed` is called when anything here has changed. */
  constructor(
    server: GateServer,
    entries: ProvisionalEntries,
    renew: (list: GateList | undefined) => Promise<void>,
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
        if (isRefusal && OVER.includes(error.code)) await this.#renew(undefined);
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
      const same = [oldest, ...others.filter((entry) => entry.event === event)].slice(0, BATCH);
      // What was given back is so before anybody else comes with the ticket.
      const last = same.findIndex(({ isGivenBack }) => isGivenBack);
      const batch = last < 0 ? same : same.slice(0, last + 1);
      const sent = batch.map((entry) => this.#sent(entry));
      const settled = await this.#server.settle(event, sent);
      const outcomes = new Map(settled.map(({ id, outcome }) => [id, outcome]));
      for (const entry of batch) {
        const outcome = outcomes.get(entry.id);
        if (!outcome) throw new PortalError("unavailable");
        await this.#settle(entry, outcome);
      }
      this.#changed();
    }
  }

  #sent({ id, ticket, at }: KeptEntry): ProvisionalEntry {
    const certificate = this.#entries.certificate(id);
    return { id, ticket, at, ...(certificate && { certificate: base64(certificate) }) };
  }

  /** The server knows an entry. What it makes of it is left to the staff, unless it agrees. */
  async #settle(entry: KeptEntry, outcome: ProvisionalOutcome): Promise<void> {
    const isAgreed = AGREED.includes(outcome);
    // It may have been given back while the server was told.
    const isGivenBack = this.#entries.waiting.find(({ id }) => id === entry.id)?.isGivenBack;
    const isInside = outcome === "admitted" || outcome === "revocation-not-checked";
    if (isGivenBack && isInside) await this.#server.giveBack(entry.event, entry.id);
    if (isAgreed || isGivenBack) this.#entries.drop(entry.id);
    else this.#entries.keep({ ...entry, refusal: outcome });
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
