//! The card face proof: that a genuine card face was read from a card that is there, told with digests
//! in place of its images.
//!
//! ```json
//! {
//!   "format": "kazashi-card-face:1",
//!   "attributes": "3yII…",
//!   "imagesDigest": "…",
//!   "photoDigest": "…",
//!   "recordSignature": "…",
//!   "cvCertificate": "fyGC…",
//!   "signature": "…",
//!   "appVersion": "…"
//! }
//! ```

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::statement::{Method, Statement};
use kazashi_core::terminal::Base64;
use kazashi_core::{BirthDate, Sex};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::authentication::{check_nonce, check_origin};
use crate::card_face::CardFaceAttributes;
use crate::text_fields::TextFields;
use crate::{CardFaceRecord, CvCertificate, CvTrust, PairwiseKey, VerifyError};

/// As for a token: a real proof has some 2200 bytes.
const SIZE: RangeInclusive<usize> = 100..=10_000;

const FORMAT: &str = "kazashi-card-face:1";

/// What the relying party expects of a card face proof.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a new expectation must not be overlooked")]
pub struct ExpectedCardFace<'a> {
    /// The origin of the relying party's own page, as in [`Expected`](crate::Expected).
    pub origin: &'a str,
    /// The nonce that this session was given for card presence, as in
    /// [`Expected`](crate::Expected).
    pub nonce: &'a str,
}

/// Verifies a card face proof, the JSON text that the page handed over: that the card's issuer signed
/// the record (birth date, sex, and the images, of which the proof has digests), and that the card
/// was there and signed for this origin and nonce.
///
/// In this order: the CV certificate under one of the roots, the record under the CV certificate, the
/// statement under the key in the record. Left to the caller: the nonce, as for a token.
pub fn verify_card_face(
    proof: &[u8],
    expected: &ExpectedCardFace<'_>,
    trust: &CvTrust,
) -> Result<CardFaceEvidence, VerifyError> {
    CardFaceProof::parse(proof)?.verify(expected, trust)
}

/// What a server needs to verify a card face, without ever seeing a name, an address or a face. It
/// holds a birth date.
///
/// Serde writes the JSON that [`verify_card_face`] reads.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardFaceProof {
    format: &'static str,
    attributes: Base64,
    images_digest: Base64,
    photo_digest: Base64,
    record_signature: Base64,
    cv_certificate: Base64,
    signature: Base64,
    app_version: String,
}

impl CardFaceProof {
    /// Takes what was read of a card (EF 0002 and 0004), and its signature over the presence
    /// statement. `app_version` says by which program.
    #[must_use]
    pub fn new(
        record: &CardFaceRecord<'_>,
        cv_certificate: &[u8],
        signature: &[u8],
        app_version: &str,
    ) -> Self {
        Self {
            format: FORMAT,
            attributes: record.encoded_attributes().into(),
            images_digest: record.images_digest().into(),
            photo_digest: record.photo_digest().into(),
            record_signature: record.signature().into(),
            cv_certificate: cv_certificate.into(),
            signature: signature.into(),
            app_version: app_version.into(),
        }
    }

    fn parse(json: &[u8]) -> Result<Self, VerifyError> {
        let malformed = |what| VerifyError::CardFaceProofMalformed { what };
        if !SIZE.contains(&json.len()) {
            return Err(malformed("100 to 10000 bytes are accepted"));
        }
        let mut fields: TextFields = serde_json::from_slice(json)
            .map_err(|_| malformed("not a JSON object whose fields are text"))?;
        if fields.take("format").as_deref() != Some(FORMAT) {
            return Err(malformed("the format is not kazashi-card-face:1"));
        }
        let app_version = fields.take("appVersion").unwrap_or_default();
        let mut take = |name| -> Result<Base64, VerifyError> {
            let bytes = fields.take(name).and_then(|text| STANDARD.decode(text).ok());
            Ok(bytes.ok_or(malformed("a field is missing, or not base64"))?.into())
        };
        let proof = Self {
            format: FORMAT,
            attributes: take("attributes")?,
            images_digest: take("imagesDigest")?,
            photo_digest: take("photoDigest")?,
            record_signature: take("recordSignature")?,
            cv_certificate: take("cvCertificate")?,
            signature: take("signature")?,
            app_version,
        };
        match fields.is_empty() {
            true => Ok(proof),
            false => Err(malformed("a field is not known, or there twice")),
        }
    }

    /// Verifies it as [`verify_card_face`] does.
    pub fn verify(
        &self,
        expected: &ExpectedCardFace<'_>,
        trust: &CvTrust,
    ) -> Result<CardFaceEvidence, VerifyError> {
        let malformed = |what| VerifyError::CardFaceProofMalformed { what };
        check_origin(expected.origin)?;
        check_nonce(expected.nonce)?;
        let signer = trust.verify(&CvCertificate::parse(self.cv_certificate.as_bytes())?)?;
        let attributes = self.attributes.as_bytes();
        let digest = |of: &Base64| of.as_bytes().try_into().map_err(|_| malformed("a digest"));
        let digests = [
            Sha256::digest(attributes).into(),
            digest(&self.images_digest)?,
            digest(&self.photo_digest)?,
        ];
        let record_signature = self.record_signature.as_bytes();
        if !signer.public_key().verifies_digests(&digests, record_signature) {
            return Err(VerifyError::CardRecordForged);
        }
        let attributes =
            CardFaceAttributes::parse(attributes).ok_or(malformed("the attributes"))?;
        let statement = Statement::new(Method::Presence, expected.origin, expected.nonce);
        if !attributes.public_key.verifies(&statement.digest(), self.signature.as_bytes()) {
            return Err(VerifyError::SignatureMismatch);
        }
        Ok(CardFaceEvidence { attributes })
    }
}

impl fmt::Debug for CardFaceProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFaceProof")
    }
}

/// A genuine card face was read from a card that signed for the expected origin and nonce.
///
/// That its holder is the person who brought it is for somebody to see, who compares the photograph.
/// `Debug` shows nothing of the holder.
#[derive(Clone)]
pub struct CardFaceEvidence {
    attributes: CardFaceAttributes,
}

impl CardFaceEvidence {
    /// The date of birth.
    #[must_use]
    pub fn birth_date(&self) -> &BirthDate {
        &self.attributes.birth_date
    }

    /// The sex.
    #[must_use]
    pub fn sex(&self) -> Sex {
        self.attributes.sex
    }

    /// The card, for this relying party only: keyed hash of the card surface key, the same as
    /// [`Enrolment::card_surface_key`](crate::Enrolment::card_surface_key).
    #[must_use]
    pub fn card_surface_key(&self, key: &PairwiseKey) -> String {
        key.card_surface_key(&self.attributes.modulus)
    }
}

impl fmt::Debug for CardFaceEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFaceEvidence")
    }
}
