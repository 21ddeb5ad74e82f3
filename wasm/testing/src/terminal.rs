//! An institution that the virtual cards trust, and the root of their card surfaces. Everybody knows
//! the keys.

use kazashi_core::card::terminal::PROFILE;
use kazashi_core::codec::{Base64, Hex};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{Method, Nonce, Statement, StayWord};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::signature::{SignatureEncoding, Signer};
use serde::Serialize;
use sha2::Sha256;
use wasm_bindgen::prelude::*;

use crate::bridge;
use crate::value::{argument, plain, thrown, uint8_array};

const TERMINAL_KEY: &str = include_str!("../../../vectors/keys/terminal.pem");
const CERTIFICATES: [&[u8]; 2] = [
    include_bytes!("../../../vectors/cv-certificates/terminal-intermediate.cv"),
    include_bytes!("../../../vectors/cv-certificates/terminal.cv"),
];
/// Name that card-verifiable certificates have for the authority of the next key.
const CARD_SURFACE_AUTHORITY: &[u8; 16] = b"9000023\x08\x05001\0\0\0\0";
const CARD_SURFACE_AUTHORITY_KEY: &str =
    include_str!("../../../vectors/keys/card-surface-authority.pem");

/// The institution's certificates, from the one that the cards' own key verifies.
#[wasm_bindgen(js_name = terminalCertificates, unchecked_return_type = "string[]")]
pub fn terminal_certificates() -> Result<JsValue, JsValue> {
    plain(&CERTIFICATES.map(Base64::from))
}

/// Signs as the institution's server does, for what the virtual bridge vouches for.
#[wasm_bindgen(js_name = signAsTerminal, unchecked_return_type = "string")]
pub fn sign_as_terminal(
    #[wasm_bindgen(unchecked_param_type = "string")] word: JsValue,
    origin: &str,
    nonce: &str,
) -> Result<JsValue, JsValue> {
    let word: StayWord = argument(word)?;
    let nonce = Nonce::parse(nonce).map_err(|_| thrown(ErrorCode::InvalidRequest))?;
    let testimony = word.testimony();
    let challenge = testimony.challenge.as_ref();
    let challenge = challenge.and_then(|challenge| challenge.for_nonce(nonce.as_str()));
    let challenge = challenge.filter(|_| word == bridge::vouch(origin, testimony.clone()));
    let challenge = challenge.ok_or_else(|| thrown(ErrorCode::TerminalNotSigned))?;
    let statement = Statement::new(Method::Terminal, origin, nonce.as_str());
    let to_be_signed = (PROFILE.to_be_signed)(challenge, &statement);
    let signature = SigningKey::<Sha256>::new(key(TERMINAL_KEY)).sign(&to_be_signed);
    plain(&Base64::from(signature.to_vec()))
}

/// `CardSurfaceAuthority` of `js/src/testing.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardSurfaceAuthority {
    identifier: Hex,
    #[serde(serialize_with = "uint8_array")]
    public_key: Box<[u8]>,
}

/// The root of the certificates on the cards' surfaces.
#[wasm_bindgen(
    js_name = cardSurfaceAuthority,
    unchecked_return_type = "{ identifier: string; publicKey: Uint8Array<ArrayBuffer> }"
)]
pub fn card_surface_authority() -> Result<JsValue, JsValue> {
    let key = key(CARD_SURFACE_AUTHORITY_KEY).to_public_key();
    plain(&CardSurfaceAuthority {
        identifier: CARD_SURFACE_AUTHORITY.into(),
        public_key: key.to_public_key_der().expect("an RSA key has an encoding").as_bytes().into(),
    })
}

fn key(pem: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_pem(pem).expect("the keys are in order")
}
