import type { PresenceProof } from "kazashi";
import type {
  Api,
  CallOptions,
  Entry,
  GateList,
  ProvisionalEntry,
  ProvisionalOutcome,
} from "../api.ts";
import { PortalError } from "../portal-error.ts";

/** How soon a server that is there says so, in milliseconds: one that does not is out of reach. */
const PRESENCE = 1_500;
/**
 * How long a server that is there may take, in milliseconds. It gives up before: the longest is whoever is asked
 * whether a certificate was revoked.
 */
const PATIENCE = 35_000;

/** The server, as far as the gate of one event speaks with it. Its methods throw a `PortalError`. */
export interface GateServer {
  /** Whether it answers, and says that it can work. Never rejects. */
  isHealthy(): Promise<boolean>;
  /** A nonce for a presence proof. */
  nonce(): Promise<string>;
  /** The birth date of the holder of this certificate (DER); `undefined` if they are not enrolled. */
  birthDate(certificate: Uint8Array<ArrayBuffer>): Promise<string | undefined>;
  /** Has a visitor admitted whose card proved its presence. Idempotent by `id`. */
  enter(
    id: string,
    nonce: string,
    proof: PresenceProof,
  ): Promise<Pick<Entry, "outcome" | "ticket">>;
  /** The tickets, for the time when the server is out of reach. */
  list(): Promise<GateList>;
  /** Tells of visitors whom a gate let in by the list. Idempotent by their `id`. */
  settle(
    event: string,
    entries: readonly ProvisionalEntry[],
  ): Promise<readonly { readonly id: string; readonly outcome: ProvisionalOutcome }[]>;
  /** Gives back the entry of somebody who was let in by mistake. Idempotent. */
  giveBack(event: string, entry: string): Promise<void>;
}

/**
 * The server of this page, for the gate of one event. `onSlow` is called when a visitor waits for longer than
 * usual, though the server is there.
 */
export function gateServer(api: Api, event: string, onSlow: () => void): GateServer {
  const nobodyWaits = () => {};
  return {
    isHealthy: () => isThere(api),
    nonce: () =>
      whileThere(api, onSlow, async (call) => (await api.nonces(["presence"], call)).presence),
    birthDate: (certificate) =>
      whileThere(api, onSlow, async (call) => (await api.arrival(certificate, call)).birthDate),
    enter: (id, nonce, proof) =>
      whileThere(api, onSlow, (call) => api.enter(event, { id, nonce, proof }, call)),
    list: () => whileThere(api, nobodyWaits, (call) => api.gateList(event, call)),
    settle: (of, entries) =>
      whileThere(api, nobodyWaits, (call) => api.enterProvisionally(of, entries, call)),
    giveBack: (of, entry) => whileThere(api, nobodyWaits, (call) => api.giveBack(of, entry, call)),
  };
}

/**
 * Asks the server, and waits for as long as it is there: a judgement that takes its time is not an absent server, for
 * which the list would decide. `unreachable` if it does not even say that it is there.
 */
export async function whileThere<T>(
  api: Pick<Api, "isHealthy">,
  onSlow: () => void,
  ask: (call: CallOptions) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const watch = setInterval(async () => {
    onSlow();
    if (await isThere(api)) return;
    gone.abort(new DOMException("the server is out of reach", "TimeoutError"));
  }, PRESENCE);
  try {
    return await ask({ signal: gone.signal, patience: PATIENCE });
  } finally {
    clearInterval(watch);
  }
}

async function isThere(api: Pick<Api, "isHealthy">): Promise<boolean> {
  return await api.isHealthy({ signal: AbortSignal.timeout(PRESENCE) });
}

/** Whether the server gave no answer, or said that it cannot work: then the list decides. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof PortalError && ["unreachable", "unavailable"].includes(error.code);
}

/** Codes of the portal's that say nothing of a visitor. */
const OF_THE_REQUEST: readonly string[] = [
  "unreachable",
  "unavailable",
  "signed-out",
  "forbidden",
  "too-many-requests",
  "not-found",
  "conflict",
  "event-closed",
  "invalid",
];

/** Whether the server refused the card or its proof: the code is one of Kazashi's, or says that nobody could be asked. */
export function isJudgement(error: unknown): error is PortalError {
  return error instanceof PortalError && !OF_THE_REQUEST.includes(error.code);
}
