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

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::statement::{Method, Statement};

use crate::age_record::AgeRecord;
use crate::text_fields::TextFields;
use crate::{CvCertificate, CvTrust, VerifyError};

/// As for a token: a real proof has some 4500 bytes.
const SIZE: RangeInclusive<usize> = 100..=10_000;

const HEAD_LENGTH: usize = 256;

/// A proof whose encoding was undone. Nothing in it is verified.
pub(crate) struct PresenceProof {
    pub(crate) certificate: ProofCertificate,
    age_record: Vec<u8>,
    cv_certificate: Vec<u8>,
    signature: Vec<u8>,
}

/// How much of the user authentication certificate was read from the card.
pub(crate) enum ProofCertificate {
    Whole(Vec<u8>),
    Head(Vec<u8>),
}

impl PresenceProof {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, VerifyError> {
        let malformed = |what| VerifyError::PresenceProofMalformed { what };
        if !SIZE.contains(&json.len()) {
            return Err(malformed("100 to 10000 bytes are accepted"));
        }
        let mut fields: TextFields = serde_json::from_slice(json)
            .map_err(|_| malformed("not a JSON object whose fields are text"))?;
        if fields.take("format").as_deref() != Some("kazashi-presence:1") {
            return Err(malformed("the format is not kazashi-presence:1"));
        }
        fields.take("appVersion");
        let mut take = |name| fields.take(name).map(|text| STANDARD.decode(text)).transpose();
        let certificate = match (take("unverifiedCertificate"), take("certificateHead")) {
            (Ok(Some(certificate)), Ok(None)) => ProofCertificate::Whole(certificate),
            (Ok(None), Ok(Some(head))) if head.len() == HEAD_LENGTH => ProofCertificate::Head(head),
            _ => return Err(malformed("neither a certificate nor the 256 bytes of a head")),
        };
        let bytes = ["ageRecord", "cvCertificate", "signature"].map(take);
        let [Ok(Some(age_record)), Ok(Some(cv_certificate)), Ok(Some(signature))] = bytes else {
            return Err(malformed("a field is missing, or not base64"));
        };
        if !fields.is_empty() {
            return Err(malformed("a field is not known, or there twice"));
        }
        Ok(Self { certificate, age_record, cv_certificate, signature })
    }

    /// Verifies the half that the card surface application gave: a genuine card, with the birth date
    /// and key that its record says, signed for this origin and nonce.
    pub(crate) fn verify_card_surface(
        &self,
        origin: &str,
        nonce: &str,
        trust: &CvTrust,
    ) -> Result<AgeRecord, VerifyError> {
        let signer = trust.verify(&CvCertificate::parse(&self.cv_certificate)?)?;
        let age_record = AgeRecord::verified(&self.age_record, &signer)?;
        let statement = Statement::new(Method::Presence, origin, nonce);
        if !age_record.public_key.verifies(&statement.digest(), &self.signature) {
            return Err(VerifyError::SignatureMismatch);
        }
        Ok(age_record)
    }
}
