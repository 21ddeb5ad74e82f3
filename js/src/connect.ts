import { abortError, unlessAborted } from "./abort.js";
import { BridgeHost } from "./bridge-host.js";
import type { Host } from "./host.js";
import { Kazashi } from "./kazashi.js";
import { loadModule, type ModuleSource } from "./module.js";

/** How to connect. */
export interface ConnectOptions {
  /** The bridge's address; `ws://127.0.0.1:27390` if left out. */
  readonly url?: string | undefined;
  /** Somebody else who has readers: in tests, a virtual card. */
  readonly host?: Host | undefined;
  /** Where the WebAssembly module is, if it is not where the package has it. The first one counts. */
  readonly wasm?: ModuleSource | undefined;
  /** Closes the connection when it aborts, and gives back what is leased. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the connection, in milliseconds; 30 seconds if left out. */
  readonly timeout?: number | undefined;
}

/**
 * Connects to the bridge on this workstation. A connection that is lost later is made again by
 * itself; one that cannot be made at first is not.
 *
 * Browsers ask the person before a page may reach loopback (Local Network Access). Call this in a
 * user gesture the first time, such as a click on a button that says what for.
 *
 * @throws KazashiError `bridge-unreachable` if the bridge does not run or does not list this origin;
 * `lna-prompt`, `lna-denied` or `csp-blocked` if the browser or the page's own policy does not let it
 * through; `unsupported-browser`, `version-mismatch`, `module-unavailable`, `no-service`,
 * `not-permitted`; `timeout` after the time given; `aborted` by the signal.
 */
export async function connect(options: ConnectOptions = {}): Promise<Kazashi> {
  const { url = "ws://127.0.0.1:27390", signal, timeout = 30_000 } = options;
  if (signal?.aborted) throw abortError(signal);
  const closing = new AbortController();
  signal?.addEventListener("abort", () => closing.abort(abortError(signal)), {
    signal: closing.signal,
  });
  const patience = AbortSignal.any([closing.signal, AbortSignal.timeout(timeout)]);
  try {
    await unlessAborted(loadModule(options.wasm), patience);
    const host = options.host ?? (await BridgeHost.open(url, closing.signal, patience));
    return await unlessAborted(Kazashi.open(host, closing.signal), patience);
  } catch (error) {
    closing.abort();
    throw error;
  }
}
