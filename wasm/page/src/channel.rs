//! The way to one card, with somebody at its other end who guards it.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// TypeScript's own words for what it hands over and gets back.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { ErrorCode } from "../error-codes.js";
import type {
  BasicAttributes, BirthDateSource, CardFaceReading, CertificateKind, Channel, Hash, HostEvent, Key, PinEntry, PinReference, PinStatus,
  PresenceProof, Reader, Scope, Signed, Terminal, TerminalRequest, Token,
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

    /// Who guards the card, by name and version.
    #[wasm_bindgen(method, getter)]
    pub fn version(this: &Channel) -> String;

    /// Carries one command APDU to the card and resolves with the response APDU.
    #[wasm_bindgen(method, catch)]
    pub async fn transmit(this: &Channel, command: &Uint8Array) -> Result<JsValue, JsValue>;

    /// Collects a PIN and presents it.
    #[wasm_bindgen(method, catch, js_name = verifyPin)]
    pub async fn verify_pin(
        this: &Channel,
        reference: &JsValue,
        value: Option<&str>,
    ) -> Result<JsValue, JsValue>;

    /// Presents the holder's birth date.
    #[wasm_bindgen(method, catch, js_name = verifyBirthDate)]
    pub async fn verify_birth_date(this: &Channel, birth_date: &str) -> Result<JsValue, JsValue>;

    /// Presents verification number B.
    #[wasm_bindgen(method, catch, js_name = verifyNumberB)]
    pub async fn verify_number_b(
        this: &Channel,
        birth_date: &str,
        expiry_year: &str,
        security_code: &str,
    ) -> Result<JsValue, JsValue>;

    /// Has the card sign the statement over the page's origin and this nonce.
    #[wasm_bindgen(method, catch, js_name = signChallenge)]
    pub async fn sign_challenge(
        this: &Channel,
        key: &JsValue,
        nonce: &str,
        pin: &JsValue,
    ) -> Result<JsValue, JsValue>;

    /// Has the card give a challenge for an institution to sign, and vouches for it.
    #[wasm_bindgen(method, catch, js_name = terminalRequest)]
    pub async fn terminal_request(this: &Channel, nonce: &str) -> Result<JsValue, JsValue>;

    /// Carries the institution's signature to the card, which then signs the statement.
    #[wasm_bindgen(method, catch, js_name = terminalSign)]
    pub async fn terminal_sign(
        this: &Channel,
        nonce: &str,
        signature: &Uint8Array,
    ) -> Result<JsValue, JsValue>;

    /// Has the digital signature key sign a document, once the person consented.
    #[wasm_bindgen(method, catch)]
    pub async fn sign(
        this: &Channel,
        title: &str,
        hash: &str,
        digest: &Uint8Array,
    ) -> Result<JsValue, JsValue>;
}
