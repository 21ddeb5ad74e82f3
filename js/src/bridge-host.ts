import { abortError, Happening, unlessAborted } from "./abort.js";
import { asError, KazashiError, withCode } from "./error.js";
import { scopePrefix, subprotocol } from "./generated/wire.js";
import type { Channel, Host, HostEvent, Reader, Scope } from "./host.js";
import { nameObstacle } from "./obstacle.js";
import { BridgeConnection, type Notification } from "./wasm/page.js";

/** The pause before connecting again, in milliseconds: it doubles with each failure. */
const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** The bridge on this workstation. Once connected it stays so, as far as that is in its power. */
export class BridgeHost implements Host {
  scopes: readonly Scope[] = [];
  /** Where it may be, in the order in which it is looked for. */
  #urls: readonly string[];
  /** The one that is spoken; and with the others what for, as the person is told who may allow it. */
  readonly #protocols: readonly string[];
  readonly #signal: AbortSignal;
  #connection: BridgeConnection | undefined;
  #isOpen = false;
  /** By the lease's name: what aborts when it is lost. */
  readonly #leases = new Map<string, AbortController>();
  #listener: ((event: HostEvent) => void) | undefined;
  /** Whether the page is in the back-forward cache, where it must hold no connection. */
  #isAway = false;
  readonly #return = new Happening();

  /**
   * Connects to the first of these addresses at which a bridge takes this page, for as long as
   * `patience` lasts, and stays connected until `signal` aborts.
   *
   * Rejects with `bridge-unreachable`, `csp-blocked`, `permissions-policy-blocked`, `lna-denied`,
   * `lna-prompt`, `unsupported-browser`, `version-mismatch`, `timeout` or `aborted`.
   */
  static async open(
    urls: readonly string[],
    wanted: readonly Scope[],
    signal: AbortSignal,
    patience: AbortSignal,
  ): Promise<BridgeHost> {
    const host = new BridgeHost(urls, wanted, signal);
    await host.#connect(urls, patience);
    return host;
  }

  private constructor(urls: readonly string[], wanted: readonly Scope[], signal: AbortSignal) {
    this.#urls = urls;
    this.#protocols = [subprotocol, ...wanted.map((scope) => scopePrefix + scope)];
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#connection?.close(), { once: true });
    const onPage = (type: "pagehide" | "pageshow", listener: () => void) =>
      // Outside of pages there is nothing to listen to.
      globalThis.addEventListener?.(type, listener, { signal });
    onPage("pagehide", () => {
      this.#isAway = true;
      this.#connection?.close();
    });
    onPage("pageshow", () => {
      this.#isAway = false;
      this.#return.happen();
    });
  }

  async readers(): Promise<Reader[]> {
    return await withCode(this.#open().listReaders());
  }

  async watch(listener: (event: HostEvent) => void): Promise<void> {
    this.#listener = listener;
    if (this.scopes.includes("events")) await withCode(this.#open().watch());
  }

  async acquire(reader: string): Promise<Channel> {
    const channel = await withCode(this.#open().acquire(reader));
    const { lease, version, unsupported } = channel;
    const lost = new AbortController();
    this.#leases.set(lease, lost);
    return {
      version,
      unsupported,
      signal: lost.signal,
      ask: async (request) => await channel.ask(request),
      release: () => {
        this.#leases.delete(lease);
        return channel.release();
      },
    };
  }

  #open(): BridgeConnection {
    if (!this.#connection || !this.#isOpen) throw new KazashiError("disconnected");
    return this.#connection;
  }

  /** Goes through these addresses until one answers; it comes first the next time. */
  async #connect(urls: readonly string[], patience: AbortSignal): Promise<void> {
    let failure: unknown;
    for (const url of urls) {
      const others = this.#urls.filter((it) => it !== url);
      try {
        await nameObstacle(url, () => this.#connectTo(url, patience));
        this.#urls = [url, ...others];
        return;
      } catch (error) {
        const { code } = error as KazashiError;
        // What the page's policy forbids it forbids for good: the browser is not asked again.
        if (code === "csp-blocked") this.#urls = others;
        else if (code !== "bridge-unreachable") throw error;
        // That is what stands in the way only if nothing else does.
        failure = code === "csp-blocked" ? (failure ?? error) : error;
      }
    }
    throw failure;
  }

  async #connectTo(url: string, patience: AbortSignal): Promise<void> {
    try {
      this.#connection = new BridgeConnection(
        url,
        this.#protocols,
        (event) => this.#notified(event),
        () => this.#ended(),
      );
      const { scopes } = await unlessAborted(this.#connection.open(), patience);
      this.scopes = scopes;
      if (this.#listener && scopes.includes("events")) await this.#connection.watch();
      this.#isOpen = true;
    } catch (error) {
      this.#connection?.close();
      throw asError(error);
    }
  }

  #notified(event: Notification): void {
    if (event.type === "lease-lost") this.#lose(event.lease, new KazashiError(event.code));
    else this.#listener?.(event);
  }

  /** A connection is over. If it was still opening, whoever opens it finds out for themselves. */
  #ended(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const isClosed = this.#signal.aborted;
    const error = isClosed ? abortError(this.#signal) : new KazashiError("disconnected");
    for (const lease of this.#leases.keys()) this.#lose(lease, error);
    if (isClosed) return;
    this.#listener?.({ type: "disconnected" });
    void this.#reconnect();
  }

  #lose(lease: string, error: KazashiError): void {
    this.#leases.get(lease)?.abort(error);
    this.#leases.delete(lease);
  }

  async #reconnect(): Promise<void> {
    for (let pause = SHORTEST_PAUSE; !this.#isOpen; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        await this.#return.next(this.#signal, this.#isAway ? undefined : pause);
        // A bridge that starts anew has its port again. Only one that stays away is looked for elsewhere:
        // browsers make those wait who fail often.
        const urls = pause < LONGEST_PAUSE ? this.#urls.slice(0, 1) : this.#urls;
        await this.#connect(urls, this.#signal);
      } catch {
        // The next turn tries again, unless the page has had enough.
        if (this.#signal.aborted) return;
      }
    }
    this.#listener?.({ type: "connected" });
  }
}
