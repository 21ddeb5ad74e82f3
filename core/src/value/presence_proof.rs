use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::{Base64, TextFields};

/// A presence proof as a page hands it to its server: a certificate, and what the card surface
/// application said and signed. Nothing in it is verified.
///
/// It holds a certificate and a birth date: it belongs in the body of one POST, never in a URL, a
/// log or a store.
///
/// ```json
/// {
///   "format": "kazashi-presence:1",
///   "unverifiedCertificate": "MII…",
///   "ageRecord": "/xCC…",
///   "cvCertificate": "fyGC…",
///   "signature": "…",
///   "appVersion": "…"
/// }
/// ```
///
/// Instead of `unverifiedCertificate` it may have `certificateHead`, the first 256 bytes of the
/// certificate, for a relying party that kept the rest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "TextFields")]
pub struct PresenceProof {
    pub(crate) format: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unverified_certificate: Option<Base64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_head: Option<Base64>,
    pub(crate) age_record: Base64,
    pub(crate) cv_certificate: Base64,
    pub(crate) signature: Base64,
    pub(crate) app_version: String,
}

impl PresenceProof {
    pub(crate) const FORMAT: &'static str = "kazashi-presence:1";

    const HEAD_LENGTH: usize = 256;

    /// The user authentication certificate (DER), unless only its head was read.
    #[must_use]
    pub fn unverified_certificate(&self) -> Option<&[u8]> {
        self.unverified_certificate.as_ref().map(Base64::as_bytes)
    }

    /// The user authentication certificate from its beginning: all of it, or its first 256 bytes.
    #[must_use]
    pub fn certificate_start(&self) -> &[u8] {
        let start = self.unverified_certificate.as_ref().or(self.certificate_head.as_ref());
        start.map(Base64::as_bytes).unwrap_or_default()
    }

    /// EF 0001, which holds the public key of the signature.
    #[must_use]
    pub fn age_record(&self) -> &[u8] {
        self.age_record.as_bytes()
    }

    /// EF 0004, which holds the public key of the age record.
    #[must_use]
    pub fn cv_certificate(&self) -> &[u8] {
        self.cv_certificate.as_bytes()
    }

    /// The card surface key's signature over the statement.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.signature.as_bytes()
    }
}

impl TryFrom<TextFields> for PresenceProof {
    type Error = &'static str;

    fn try_from(mut fields: TextFields) -> Result<Self, Self::Error> {
        if fields.take("format").as_deref() != Some(Self::FORMAT) {
            return Err("the format is not kazashi-presence:1");
        }
        let app_version = fields.take("appVersion").unwrap_or_default();
        let mut take = |name| fields.take(name).map(Base64::decode).transpose();
        let (unverified_certificate, certificate_head) =
            match (take("unverifiedCertificate"), take("certificateHead")) {
                (Ok(Some(whole)), Ok(None)) => (Some(whole), None),
                (Ok(None), Ok(Some(head))) if head.as_bytes().len() == Self::HEAD_LENGTH => {
                    (None, Some(head))
                }
                _ => return Err("neither a certificate nor the 256 bytes of a head"),
            };
        let bytes = ["ageRecord", "cvCertificate", "signature"].map(take);
        let [Ok(Some(age_record)), Ok(Some(cv_certificate)), Ok(Some(signature))] = bytes else {
            return Err("a field is missing, or not base64");
        };
        if !fields.is_empty() {
            return Err("a field is not known, or there twice");
        }
        Ok(Self {
            format: Self::FORMAT.into(),
            unverified_certificate,
            certificate_head,
            age_record,
            cv_certificate,
            signature,
            app_version,
        })
    }
}

impl fmt::Debug for PresenceProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresenceProof")
    }
}
