import type { PresenceProof } from "kazashi";
import {
  type Api,
  type CallOptions,
  type Entry,
  type GateList,
  type Outcome,
  PortalError,
  type ProvisionalEntry,
} from "../api.ts";

/** How long a visitor at the gate waits for the server before the list decides, in milliseconds. */
const PATIENCE = 1_500;
/** How long the server may take for what no visitor waits for. */
const LONG_PATIENCE = 10_000;

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
  ): Promise<readonly { readonly id: string; readonly outcome: Outcome }[]>;
}

/** The server of this page, for the gate of one event. */
export function gateServer(api: Api, event: string): GateServer {
  return {
    isHealthy: () => api.isHealthy(within(PATIENCE)),
    nonce: async () => (await api.nonces(["presence"], within(PATIENCE))).presence,
    birthDate: async (certificate) => (await api.arrival(certificate, within(PATIENCE))).birthDate,
    enter: (id, nonce, proof) => api.enter(event, { id, nonce, proof }, within(PATIENCE)),
    list: () => api.gateList(event, within(LONG_PATIENCE)),
    settle: (of, entries) => api.enterProvisionally(of, entries, within(LONG_PATIENCE)),
  };
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
  "invalid",
];

/** Whether the server refused the card or its proof: the code is one of Kazashi's. */
export function isJudgement(error: unknown): error is PortalError {
  return error instanceof PortalError && !OF_THE_REQUEST.includes(error.code);
}

function within(milliseconds: number): CallOptions {
  return { signal: AbortSignal.timeout(milliseconds) };
}
