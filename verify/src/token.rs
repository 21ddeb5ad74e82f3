//! The token: Web eID's format `web-eid:1.0`, so that its validators read ours too.
//!
//! ```json
//! {
//!   "unverifiedCertificate": "MII…",
//!   "algorithm": "RS256",
//!   "signature": "…",
//!   "format": "web-eid:1.0",
//!   "appVersion": "…"
//! }
//! ```

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::VerifyError;

/// Web eID's own bounds.
const SIZE: RangeInclusive<usize> = 100..=10_000;

/// A token whose encoding was undone. Nothing in it is verified.
pub(crate) struct Token {
    pub(crate) certificate: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// Fields that are not read are tolerated, as Web eID does: `web-eid:1.1` adds some.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    unverified_certificate: String,
    algorithm: String,
    signature: String,
    format: String,
}

impl Token {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, VerifyError> {
        if !SIZE.contains(&json.len()) {
            return Err(VerifyError::TokenSize { length: json.len() });
        }
        // In fields that are not read, the parser would not look (RFC 8259, 8.1).
        if str::from_utf8(json).is_err() {
            return Err(VerifyError::TokenMalformed { what: "not UTF-8" });
        }
        let fields: Fields = serde_json::from_slice(json).map_err(|_| {
            VerifyError::TokenMalformed { what: "not JSON with the fields of a token" }
        })?;
        if !fields.format.starts_with("web-eid:1.") {
            return Err(VerifyError::TokenFormatUnsupported);
        }
        if fields.algorithm != "RS256" {
            return Err(VerifyError::TokenAlgorithmUnsupported);
        }
        let decode =
            |text, what| STANDARD.decode(text).map_err(|_| VerifyError::TokenMalformed { what });
        Ok(Self {
            certificate: decode(fields.unverified_certificate, "the certificate is not base64")?,
            signature: decode(fields.signature, "the signature is not base64")?,
        })
    }
}
