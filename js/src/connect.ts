import { abortError, following, unlessAborted } from "./abort.js";
import { BridgeHost } from "./bridge-host.js";
import {
  argument,
  callable,
  list,
  maybe,
  number,
  only,
  parts,
  type Reader,
  signal,
  text,
} from "./check.js";
import { configure, type ModuleSource, moduleSource } from "./configure.js";
import { ports } from "./generated/wire.js";
import type { Host, Scope } from "./host.js";
import { Kazashi } from "./kazashi.js";
import { loadModule } from "./module.js";

/** How to connect. */
export interface ConnectOptions {
  /**
   * The bridge's address. If left out, this user's bridge is looked for at `ws://127.0.0.1`, ports 27390
   * to 27393.
   */
  readonly url?: string | undefined;
  /**
   * What the page is going to do, for the person who is asked whether it may (`kazashi-bridge origins
   * review`). Where it may already, this changes nothing: it may do what it was allowed.
   */
  readonly scopes?: readonly Scope[] | undefined;
  /** Somebody else who has readers: in tests, a virtual card. */
  readonly host?: Host | undefined;
  /** The same as `page` of `configure`. */
  readonly wasm?: ModuleSource | undefined;
  /** Closes the connection when it aborts, and gives back what is leased. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the connection, in milliseconds; 30 seconds if left out. */
  readonly timeout?: number | undefined;
}

const host = parts({ scopes: list(text), readers: callable, watch: callable, acquire: callable });

/** Takes the options of `connect`. */
export const connectOptions: Reader<ConnectOptions> = parts<ConnectOptions>({
  url: maybe(text),
  scopes: maybe(list(text as Reader<Scope>)),
  // Looked at, but not copied: it is the host that says later what it may do.
  host: maybe(only<Host>((it) => Boolean(host(it)))),
  wasm: moduleSource,
  signal: maybe(signal),
  timeout: maybe(number),
});

/**
 * Connects to the bridge on this workstation. A connection that is lost later is made again by
 * itself; one that cannot be made at first is not.
 *
 * Browsers ask the person before a page may reach loopback (Local Network Access). Call this in a
 * user gesture the first time, such as a click on a button that says what for.
 *
 * @throws KazashiError `bridge-unreachable` if the bridge does not run or does not list this origin;
 * `lna-prompt`, `lna-denied`, `csp-blocked` or `permissions-policy-blocked` if the browser or a policy
 * of the page does not let it through; `unsupported-browser`, `version-mismatch`, `module-unavailable`, `no-service`,
 * `not-permitted`; `invalid-request` for an option that is none; `timeout` after the time given;
 * `aborted` by the signal.
 */
export async function connect(options: ConnectOptions = {}): Promise<Kazashi> {
  const given = argument("options", connectOptions, options);
  const { url, scopes = [], wasm, signal, timeout = 30_000 } = given;
  if (signal?.aborted) throw abortError(signal);
  configure({ wasm: { page: wasm } });
  const closing = following(signal);
  const patience = following(closing.signal, AbortSignal.timeout(timeout));
  try {
    await unlessAborted(loadModule(), patience.signal);
    const urls = url === undefined ? ports.map((port) => `ws://127.0.0.1:${port}`) : [url];
    const host =
      given.host ?? (await BridgeHost.open(urls, scopes, closing.signal, patience.signal));
    return await unlessAborted(Kazashi.open(host, closing), patience.signal);
  } catch (error) {
    closing.abort();
    throw error;
  } finally {
    patience.abort();
  }
}
