/**
 * Uses the My Number Card that lies on the desk, from a web page.
 *
 * @module
 */

export type { Card, SignedDocument } from "./card.js";
export type { Certificate } from "./certificate.js";
export { type ConnectOptions, connect } from "./connect.js";
export { type Diagnosis, diagnose } from "./diagnose.js";
export { KazashiError } from "./error.js";
export type { ErrorCode } from "./error-codes.js";
export type { KazashiEventMap, ReaderEvent } from "./events.js";
export type {
  BasicAttributes,
  BirthDateSource,
  CardFaceReading,
  CertificateKind,
  Channel,
  Hash,
  Host,
  HostEvent,
  Key,
  PinEntry,
  PinReference,
  PinStatus,
  PresenceProof,
  Reader,
  Retries,
  Scope,
  Signed,
  Terminal,
  TerminalRequest,
  Token,
} from "./host.js";
export type { CardOptions, Kazashi } from "./kazashi.js";
export type { ModuleSource } from "./module.js";
export type { CertificateSummary } from "./verify.js";
