//! Writes the tokens in `vectors/verify`, signed with the key in `vectors/keys`, and a certificate
//! that nobody signed. Running it again gives the same bytes.
//!
//! What is signed is spelled out here, and not taken from the code that the vectors judge.

use std::error::Error;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::json;
use sha2::{Digest, Sha256};

const ORIGIN: &str = "https://portal.example";

fn main() -> Result<(), Box<dyn Error>> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let key = fs::read_to_string(vectors.join("keys/user-authentication.pem"))?;
    let key = RsaPrivateKey::from_pkcs8_pem(&key)?;
    let certificate = fs::read(vectors.join("certificates/user-authentication.der"))?;

    for (method, tag, nonce) in [
        ("pin", "", STANDARD.encode([0x11; 32])),
        ("terminal", "kazashi-terminal:1\0", STANDARD.encode([0x22; 32])),
    ] {
        let statement = Sha256::new()
            .chain_update(tag)
            .chain_update(Sha256::digest(ORIGIN))
            .chain_update(Sha256::digest(&nonce))
            .finalize();
        let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &statement)?;
        let case = json!({
            "method": method,
            "origin": ORIGIN,
            "nonce": nonce,
            "token": {
                "unverifiedCertificate": STANDARD.encode(&certificate),
                "algorithm": "RS256",
                "signature": STANDARD.encode(signature),
                "format": "web-eid:1.0",
                "appVersion": "https://kazashi.example/bridge/0.1.0",
            },
        });
        let text = serde_json::to_string_pretty(&case)? + "\n";
        fs::write(vectors.join("verify").join(method).with_extension("json"), text)?;
    }

    // The signature is what a certificate ends with.
    let mut damaged = certificate;
    if let Some(last) = damaged.last_mut() {
        *last ^= 1;
    }
    fs::write(vectors.join("certificates/damaged.der"), damaged)?;
    Ok(())
}
