//! The authentication token that the page hands to its server: the format of Web eID.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::jpki::SignedChallenge;

/// A Web eID authentication token, format `web-eid:1.0`, with RS256 as its algorithm.
///
/// It holds the certificate, which tells cards apart: it belongs in the body of one POST to the
/// server, never in a URL, a log or a store.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    unverified_certificate: String,
    algorithm: &'static str,
    signature: String,
    format: &'static str,
    app_version: String,
}

impl Token {
    /// The token of a signed challenge. `app_version` names the bridge that had it signed.
    #[must_use]
    pub fn new(challenge: &SignedChallenge, app_version: impl Into<String>) -> Self {
        Self {
            unverified_certificate: STANDARD.encode(challenge.certificate.as_der()),
            algorithm: "RS256",
            signature: STANDARD.encode(challenge.signature.as_bytes()),
            format: "web-eid:1.0",
            app_version: app_version.into(),
        }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("format", &self.format).finish_non_exhaustive()
    }
}
