use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::{Base64, base64};
use crate::value::{Certificate, Signature};

/// A Web eID authentication token, format `web-eid:1`, as a page hands it to its server. Nothing in
/// it is verified.
///
/// It holds the certificate, which tells cards apart: it belongs in the body of one POST to the
/// server, never in a URL, a log or a store.
///
/// Fields that are not read are tolerated, as Web eID does: `web-eid:1.1` adds some. `appVersion`
/// is one of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    #[serde(deserialize_with = "base64::short")]
    unverified_certificate: Base64,
    algorithm: Cow<'static, str>,
    #[serde(deserialize_with = "base64::short")]
    signature: Base64,
    format: Cow<'static, str>,
    #[serde(skip_deserializing)]
    app_version: String,
}

impl Token {
    /// The token of a signed statement. `app_version` names the bridge that had it signed.
    #[must_use]
    pub fn new(
        certificate: &Certificate,
        signature: &Signature,
        app_version: impl Into<String>,
    ) -> Self {
        Self {
            unverified_certificate: certificate.as_der().into(),
            algorithm: "RS256".into(),
            signature: signature.as_bytes().into(),
            format: "web-eid:1.0".into(),
            app_version: app_version.into(),
        }
    }

    /// The user authentication certificate, DER.
    #[must_use]
    pub fn unverified_certificate(&self) -> &[u8] {
        self.unverified_certificate.as_bytes()
    }

    /// The signature's algorithm (RFC 7518, 3.1).
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The signature over the statement.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.signature.as_bytes()
    }

    /// The token's format, with its version.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.format
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
