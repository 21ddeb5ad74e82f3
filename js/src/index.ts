/**
 * Uses the My Number Card that lies on the desk, from a web page.
 *
 * @module
 */

export type { Card, SignedDocument } from "./card.js";
export type { Certificate } from "./certificate.js";
export { type Configuration, configure, type ModuleSource, type Modules } from "./configure.js";
export { type ConnectOptions, connect } from "./connect.js";
export { type Diagnosis, diagnose } from "./diagnose.js";
export { KazashiError } from "./error.js";
export type { KazashiEventMap, ReaderEvent } from "./events.js";
export type { ErrorCode } from "./generated/codes.js";
export type {
  BasicAttributes,
  BirthDate,
  BirthDateSource,
  Calendar,
  CardAnswer,
  CardFaceReading,
  CardRequest,
  CertificateKind,
  Channel,
  Hash,
  Host,
  HostEvent,
  PinReference,
  PinStatus,
  PresenceProof,
  Reader,
  Retries,
  Scope,
  Signed,
  Terminal,
  Token,
} from "./host.js";
export type { CardOptions, Kazashi } from "./kazashi.js";
export type { CertificateSummary } from "./verify.js";
