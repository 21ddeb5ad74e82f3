//! The presence proof: a certificate, and what the card surface application said and signed.
//!
//! ```json
//! {
//!   "format": "kazashi-presence:1",
//!   "unverifiedCertificate": "MII…",
//!   "ageRecord": "/xCC…",
//!   "cvCertificate": "fyGC…",
//!   "signature": "…",
//!   "appVersion": "…"
//! }
//! ```
//!
//! Instead of `unverifiedCertificate` it may have `certificateHead`, the first 256 bytes of the
//! certificate, for a relying party that kept the rest.

use std::ops::RangeInclusive;

use kazashi_core::statement::{Method, Statement};
use kazashi_core::terminal::Base64;
use serde::Deserialize;

use crate::age_record::AgeRecord;
use crate::{CvCertificate, CvTrust, VerifyError};

/// As for a token: a real proof has some 4500 bytes.
const SIZE: RangeInclusive<usize> = 100..=10_000;

const HEAD_LENGTH: usize = 256;

/// A proof whose encoding was undone. Nothing in it is verified.
pub(crate) struct PresenceProof {
    pub(crate) certificate: ProofCertificate,
    age_record: Base64,
    cv_certificate: Base64,
    signature: Base64,
}

/// How much of the user authentication certificate was read from the card.
pub(crate) enum ProofCertificate {
    Whole(Base64),
    Head(Base64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    format: String,
    unverified_certificate: Option<Base64>,
    certificate_head: Option<Base64>,
    age_record: Base64,
    cv_certificate: Base64,
    signature: Base64,
    #[serde(rename = "appVersion")]
    _app_version: Option<String>,
}

impl PresenceProof {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, VerifyError> {
        let malformed = |what| VerifyError::PresenceProofMalformed { what };
        if !SIZE.contains(&json.len()) {
            return Err(malformed("100 to 10000 bytes are accepted"));
        }
        let fields: Fields = serde_json::from_slice(json)
            .map_err(|_| malformed("not JSON with the fields of a proof"))?;
        if fields.format != "kazashi-presence:1" {
            return Err(malformed("the format is not kazashi-presence:1"));
        }
        let certificate = match (fields.unverified_certificate, fields.certificate_head) {
            (Some(certificate), None) => ProofCertificate::Whole(certificate),
            (None, Some(head)) if head.as_bytes().len() == HEAD_LENGTH => {
                ProofCertificate::Head(head)
            }
            (None, Some(_)) => return Err(malformed("the head has not 256 bytes")),
            _ => return Err(malformed("it takes either a certificate or the head of one")),
        };
        Ok(Self {
            certificate,
            age_record: fields.age_record,
            cv_certificate: fields.cv_certificate,
            signature: fields.signature,
        })
    }

    /// Verifies the half that the card surface application gave: a genuine card, with the birth date
    /// and key that its record says, signed for this origin and nonce.
    pub(crate) fn verify_card_surface(
        &self,
        origin: &str,
        nonce: &str,
        trust: &CvTrust,
    ) -> Result<AgeRecord, VerifyError> {
        let signer = trust.verify(&CvCertificate::parse(self.cv_certificate.as_bytes())?)?;
        let age_record = AgeRecord::verified(self.age_record.as_bytes(), &signer)?;
        let statement = Statement::new(Method::Presence, origin, nonce);
        if !age_record.public_key.verifies(&statement.digest(), self.signature.as_bytes()) {
            return Err(VerifyError::SignatureMismatch);
        }
        Ok(age_record)
    }
}
