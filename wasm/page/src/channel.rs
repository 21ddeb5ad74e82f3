//! The way to one card, with somebody at its other end who guards it.

use wasm_bindgen::prelude::*;

/// TypeScript's own words for what it hands over and gets back.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { ErrorCode } from "../generated/codes.js";
import type {
  BirthDate, BirthDateSource, CardAnswer, CardFaceReading, CardRequest, CertificateKind, Channel, Hash,
  HostEvent, PinStatus, PresenceProof, Reader, Scope, Signed, Terminal, Token,
} from "../host.js";

/** What the bridge says of itself, and of what it lets this origin do. */
export interface Hello {
  version: string;
  scopes: Scope[];
  nativePinEntry: boolean;
}

/** What the bridge tells unasked. */
export type Notification = HostEvent | { type: "lease-lost"; lease: string; code: ErrorCode };
"#;

#[wasm_bindgen]
extern "C" {
    /// `Channel` of `js/src/host.ts`.
    #[wasm_bindgen(typescript_type = "Channel")]
    #[derive(Clone, Debug)]
    pub type Channel;

    /// Name and version of whoever guards the card.
    #[wasm_bindgen(method, getter)]
    pub fn version(this: &Channel) -> String;

    /// Makes a guarded request and resolves with the answer, both as the wire has them.
    #[wasm_bindgen(method, catch)]
    pub async fn ask(this: &Channel, request: &JsValue) -> Result<JsValue, JsValue>;
}
