//! Enrolment: the first use, with the PIN, which ties a certificate to a card surface.

use std::fmt;
use std::time::SystemTime;

use kazashi_core::codec::{Base64, TextFields};
use kazashi_core::value::{BirthDate, Method, PresenceProof, Token};
use serde::{Deserialize, Serialize, Serializer};

use crate::authentication::{check_nonce, check_origin};
use crate::presence::verify_card_surface;
use crate::{Answer, Authentication, CvTrust, Expected, PairwiseKey, Trust, VerifyError, verify};

/// The relying party's expectations of a token and a proof that the card gave together.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a new expectation must not be overlooked")]
pub struct ExpectedEnrolment<'a> {
    /// The origin of the relying party's own page, as in [`Expected`].
    pub origin: &'a str,
    /// The nonce that this session was given for the PIN, as in [`Expected`].
    pub pin_nonce: &'a str,
    /// The nonce that this session was given for the presence proof.
    pub presence_nonce: &'a str,
    /// The time at which the certificates must be valid.
    pub now: SystemTime,
}

/// Verifies what `card.enrol` gave to the page: a token, signed with the PIN, and a presence proof.
///
/// That one card gave both is not to be seen here, but for the certificate, the same in both, which
/// anybody can copy. The bridge's word says it, which `kazashi_server::tie` holds these to.
///
/// Fails as [`verify`] does for the token and as [`verify_presence`](crate::verify_presence) for the
/// proof; with [`VerifyError::EnrolmentMismatch`] if they do not have the same certificate.
pub fn verify_enrolment(
    token: &Token,
    proof: &PresenceProof,
    expected: &ExpectedEnrolment<'_>,
    trust: &Trust,
    cv_trust: &CvTrust,
    pairwise_key: &PairwiseKey,
) -> Result<Enrolled, VerifyError> {
    let &ExpectedEnrolment { origin, pin_nonce, presence_nonce, now } = expected;
    check_origin(origin)?;
    check_nonce(presence_nonce)?;
    let by_pin = Expected { origin, nonce: pin_nonce, method: Method::Pin, now };
    let authentication = verify(token, &by_pin, trust)?;

    let age_record = verify_card_surface(proof, origin, presence_nonce, cv_trust)?;
    let certificate =
        proof.unverified_certificate().ok_or(VerifyError::PresenceProofMalformed {
            what: "an enrolment takes the whole certificate",
        })?;
    if certificate != authentication.certificate().der() {
        return Err(VerifyError::EnrolmentMismatch {
            what: "the token has another certificate than the proof",
        });
    }
    let enrolment = Enrolment {
        subject: authentication.subject(pairwise_key),
        card_surface_key: age_record.pairwise_key(pairwise_key),
        birth_date: age_record.birth_date,
        certificate: None,
        recognition: None,
    };
    Ok(Enrolled { authentication, enrolment })
}

/// A holder authenticated with the PIN, and enrolled the card for later use without one.
#[derive(Clone, Debug)]
pub struct Enrolled {
    authentication: Authentication,
    enrolment: Enrolment,
}

impl Enrolled {
    /// The authentication with the PIN, which is worth what every one is.
    #[must_use]
    pub fn authentication(&self) -> &Authentication {
        &self.authentication
    }

    /// Adds the answer to a revocation check: see [`Authentication::with_revocation`].
    pub fn with_revocation(self, answer: Answer) -> Result<Self, VerifyError> {
        Ok(Self { authentication: self.authentication.with_revocation(answer)?, ..self })
    }

    /// Has the enrolment keep the certificate, and what [`PairwiseKey::recognition`] makes of its
    /// head: then later proofs may bring the head alone, and a returning visitor is known after one
    /// short command. In return, the relying party stores what tells the holder apart everywhere.
    pub fn keeping_certificate(mut self, pairwise_key: &PairwiseKey) -> Result<Self, VerifyError> {
        let der = self.authentication.certificate().der();
        self.enrolment.recognition = Some(pairwise_key.recognition(der)?);
        self.enrolment.certificate = Some(der.into());
        Ok(self)
    }

    /// The enrolment, which the relying party stores beside the account.
    #[must_use]
    pub fn enrolment(&self) -> &Enrolment {
        &self.enrolment
    }
}

/// A card surface and the certificate that was on the same card when the holder gave the PIN.
///
/// [`verify_enrolment`] makes it. Serde writes it, as JSON or what else names its fields, to the
/// relying party's own store, and reads it back; the store is trusted: whoever can write there can
/// enrol. With the pairwise key lost, or the
/// certificate renewed (every five years), it fits no card, and the holder enrols anew.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "TextFields")]
pub struct Enrolment {
    subject: String,
    card_surface_key: String,
    #[serde(serialize_with = "digits")]
    birth_date: BirthDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Base64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recognition: Option<String>,
}

impl Enrolment {
    /// The holder as this relying party knows them: see [`Authentication::subject`].
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The birth date that the card surface confirmed, to answer the page that is about to present
    /// it: only for an authenticated desk, and not without end.
    #[must_use]
    pub fn birth_date(&self) -> &BirthDate {
        &self.birth_date
    }

    /// The card surface, for this relying party only: see
    /// [`CardFaceEvidence::card_surface_key`](crate::CardFaceEvidence::card_surface_key).
    #[must_use]
    pub fn card_surface_key(&self) -> &str {
        &self.card_surface_key
    }

    /// The [recognition](PairwiseKey::recognition) to find it by, if the relying party
    /// [chose so](Enrolled::keeping_certificate).
    #[must_use]
    pub fn recognition(&self) -> Option<&str> {
        self.recognition.as_deref()
    }

    /// The whole certificate that a proof is about, in DER: the one in it, or the one kept here if
    /// the proof has the head of that.
    pub(crate) fn complete<'a>(
        &'a self,
        proof: &'a PresenceProof,
    ) -> Result<&'a [u8], VerifyError> {
        if let Some(der) = proof.unverified_certificate() {
            return Ok(der);
        }
        match self.certificate.as_ref().map(Base64::as_bytes) {
            Some(der) if der.starts_with(proof.certificate_start()) => Ok(der),
            Some(_) => Err(VerifyError::EnrolmentMismatch { what: "another certificate" }),
            None => Err(VerifyError::EnrolmentMismatch { what: "no certificate was kept" }),
        }
    }

    /// Holds a certificate and a card surface, both verified, to those that were enrolled.
    pub(crate) fn check(
        &self,
        subject: &str,
        card_surface_key: &str,
        birth_date: &BirthDate,
    ) -> Result<(), VerifyError> {
        for (is_same, what) in [
            (self.subject == subject, "another certificate"),
            (self.card_surface_key == card_surface_key, "another card surface key"),
            (self.birth_date == *birth_date, "another birth date"),
        ] {
            if !is_same {
                return Err(VerifyError::EnrolmentMismatch { what });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment")
    }
}

impl TryFrom<TextFields> for Enrolment {
    type Error = &'static str;

    fn try_from(mut fields: TextFields) -> Result<Self, Self::Error> {
        let mut take = |name| fields.take(name);
        let certificate = take("certificate").map(Base64::decode).transpose();
        Ok(Self {
            subject: take("subject").ok_or("no subject")?,
            card_surface_key: take("cardSurfaceKey").ok_or("no card surface key")?,
            birth_date: take("birthDate")
                .and_then(|text| BirthDate::parse(&text).ok())
                .ok_or("no birth date")?,
            certificate: certificate.map_err(|_| "the certificate is not base64")?,
            recognition: take("recognition"),
        })
    }
}

/// `YYYYMMDD`.
fn digits<S: Serializer>(date: &BirthDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(str::from_utf8(date.digits()).unwrap_or_default())
}
