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

use std::borrow::Cow;
use std::fmt;

use kazashi_core::codec::{Base64, TextFields};
use kazashi_core::value::{BirthDate, Method, Sex, Statement};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::authentication::{check_nonce, check_origin};
use crate::card_face::CardFaceAttributes;
use crate::unverified::{Unverified, from_text_fields};
use crate::{CardFaceRecord, CvCertificate, CvTrust, PairwiseKey, VerifyError};

const FORMAT: &str = "kazashi-card-face:1";

/// The relying party's expectations of a card face proof.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a new expectation must not be overlooked")]
pub struct ExpectedCardFace<'a> {
    /// The origin of the relying party's own page, as in [`Expected`](crate::Expected).
    pub origin: &'a str,
    /// The nonce that this session was given for card presence, as in
    /// [`Expected`](crate::Expected).
    pub nonce: &'a str,
}

/// Verifies a card face proof that the page handed over: that the card's issuer signed the record
/// (birth date, sex, and the images, of which the proof has digests), and that the card was there
/// and signed for this origin and nonce.
///
/// In this order: the CV certificate under one of the roots, the record under the CV certificate, the
/// statement under the key in the record. Left to the caller: the nonce, as for a token.
pub fn verify_card_face(
    proof: &CardFaceProof,
    expected: &ExpectedCardFace<'_>,
    trust: &CvTrust,
) -> Result<CardFaceEvidence, VerifyError> {
    let malformed = CardFaceProof::malformed;
    check_origin(expected.origin)?;
    check_nonce(expected.nonce)?;
    let signer = trust.verify(&CvCertificate::parse(proof.cv_certificate.as_bytes())?)?;
    let attributes = proof.attributes.as_bytes();
    let digest = |of: &Base64| of.as_bytes().try_into().map_err(|_| malformed("a digest"));
    let digests = [
        Sha256::digest(attributes).into(),
        digest(&proof.images_digest)?,
        digest(&proof.photo_digest)?,
    ];
    let record_signature = proof.record_signature.as_bytes();
    if !signer.public_key().verifies_digests(&digests, record_signature) {
        return Err(VerifyError::CardRecordForged);
    }
    let attributes = CardFaceAttributes::parse(attributes).ok_or(malformed("the attributes"))?;
    let statement = Statement::new(Method::Presence, expected.origin, expected.nonce);
    if !attributes.public_key.verifies(&statement.digest(), proof.signature.as_bytes()) {
        return Err(VerifyError::SignatureMismatch);
    }
    Ok(CardFaceEvidence { attributes })
}

/// A card face proof, as a page hands it to its server: enough to verify a card face without ever
/// seeing a name, an address or a face. It holds a birth date. Nothing in it is verified.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "TextFields")]
pub struct CardFaceProof {
    format: Cow<'static, str>,
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
            format: FORMAT.into(),
            attributes: record.encoded_attributes().into(),
            images_digest: record.images_digest().into(),
            photo_digest: record.photo_digest().into(),
            record_signature: record.signature().into(),
            cv_certificate: cv_certificate.into(),
            signature: signature.into(),
            app_version: app_version.into(),
        }
    }

    /// The card surface key's signature over the presence statement.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.signature.as_bytes()
    }
}

impl TryFrom<TextFields> for CardFaceProof {
    type Error = &'static str;

    fn try_from(mut fields: TextFields) -> Result<Self, Self::Error> {
        if fields.take("format").as_deref() != Some(FORMAT) {
            return Err("the format is not kazashi-card-face:1");
        }
        let app_version = fields.take("appVersion").unwrap_or_default();
        let mut take = |name| {
            let bytes = fields.take(name).and_then(|text| Base64::decode(text).ok());
            bytes.ok_or("a field is missing, or not base64")
        };
        let proof = Self {
            format: FORMAT.into(),
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
            false => Err("a field is not known, or there twice"),
        }
    }
}

impl Unverified for CardFaceProof {
    fn from_json(json: &[u8]) -> Result<Self, VerifyError> {
        from_text_fields(json)
    }

    fn malformed(what: &'static str) -> VerifyError {
        VerifyError::CardFaceProofMalformed { what }
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
