//! Writes the tokens, presence proofs and records in `vectors/verify`, signed with the keys in
//! `vectors/keys`, and a certificate that nobody signed. Running it again gives the same bytes.
//!
//! What is signed is spelled out here, and not taken from the code that the vectors judge.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod card_face;
mod card_information;
mod presence;
mod stay;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ORIGIN: &str = "https://portal.example";
const APP_VERSION: &str = "https://kazashi.example/bridge/0.1.0";

const PIN: &str = "";
const TERMINAL: &str = "kazashi-terminal:1\0";
const PRESENCE: &str = "kazashi-presence:1\0";

fn main() -> Result<()> {
    let hanako = Holder {
        key: key("user-authentication")?,
        certificate: fs::read(root().join("vectors/certificates/user-authentication.der"))?,
    };
    for (method, tag, nonce) in [("pin", PIN, nonce(0x11)), ("terminal", TERMINAL, nonce(0x22))] {
        let token = hanako.token(tag, &nonce)?;
        let case = json!({ "method": method, "origin": ORIGIN, "nonce": nonce, "token": token });
        write(method, &case)?;
    }
    write("presence", &presence::presence(&hanako)?)?;
    write("enrolment", &presence::enrolment(&hanako)?)?;
    write("card-face", &card_face::card_face()?)?;
    write("attributes", &card_information::readings()?)?;
    write("stay", &stay::stays(&hanako)?)?;

    // The signature is what a certificate ends with.
    let mut damaged = hanako.certificate;
    if let Some(last) = damaged.last_mut() {
        *last ^= 1;
    }
    fs::write(root().join("vectors/certificates/damaged.der"), damaged)?;
    Ok(())
}

/// The half of a card that holds the user authentication key.
struct Holder {
    key: RsaPrivateKey,
    certificate: Vec<u8>,
}

impl Holder {
    fn token(&self, tag: &str, nonce: &str) -> Result<Value> {
        Ok(json!({
            "unverifiedCertificate": STANDARD.encode(&self.certificate),
            "algorithm": "RS256",
            "signature": STANDARD.encode(sign(&self.key, &statement(tag, nonce))?),
            "format": "web-eid:1.0",
            "appVersion": APP_VERSION,
        }))
    }
}

/// The bytes of which a statement is the digest.
fn statement(tag: &str, nonce: &str) -> Vec<u8> {
    [tag.as_bytes(), &Sha256::digest(ORIGIN), &Sha256::digest(nonce)].concat()
}

fn sign(key: &RsaPrivateKey, message: &[u8]) -> Result<Vec<u8>> {
    Ok(key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message))?)
}

fn nonce(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

fn key(name: &str) -> Result<RsaPrivateKey> {
    let pem = fs::read_to_string(root().join("vectors/keys").join(name).with_extension("pem"))?;
    Ok(RsaPrivateKey::from_pkcs8_pem(&pem)?)
}

fn write(name: &str, value: &Value) -> Result<()> {
    let file = root().join("vectors/verify").join(name).with_extension("json");
    Ok(fs::write(file, serde_json::to_string_pretty(value)? + "\n")?)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
