//! Card presence (かざし利用): an enrolled card is there, and nobody gave a PIN.

use std::fmt;
use std::time::SystemTime;

use kazashi_core::value::{Method, PresenceProof, Statement};

use crate::age_record::AgeRecord;
use crate::authentication::{check_nonce, check_origin};
use crate::{
    Answer, Certificate, CvCertificate, CvTrust, Enrolment, PairwiseKey, Revocation, Trust,
    VerifyError,
};

/// The relying party's expectations of a presence proof.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a new expectation must not be overlooked")]
pub struct ExpectedPresence<'a> {
    /// The origin of the relying party's own page, as in [`Expected`](crate::Expected).
    pub origin: &'a str,
    /// The nonce that this session was given for the proof, as in [`Expected`](crate::Expected).
    pub nonce: &'a str,
    /// The enrolment of the holder who is to be there: without a first use with the PIN there is
    /// nothing to expect. Found by [`PairwiseKey::subject`] or [`PairwiseKey::recognition`].
    pub enrolment: &'a Enrolment,
    /// The time at which the certificates must be valid.
    pub now: SystemTime,
}

/// Verifies a presence proof that the page handed over.
///
/// In this order: the CV certificate under one of the roots, the age record under the CV
/// certificate, the statement under the key in the age record; the user authentication certificate
/// (profile, chain, validity) as [`verify`](crate::verify) does; and that both are those that were
/// enrolled. Left to the caller, as for a token: the nonce, and revocation, which the law asks to be
/// checked at each use (公的個人認証法38条の4).
pub fn verify_presence(
    proof: &PresenceProof,
    expected: &ExpectedPresence<'_>,
    trust: &Trust,
    cv_trust: &CvTrust,
    pairwise_key: &PairwiseKey,
) -> Result<Presence, VerifyError> {
    let &ExpectedPresence { origin, nonce, enrolment, now } = expected;
    check_origin(origin)?;
    check_nonce(nonce)?;
    let age_record = verify_card_surface(proof, origin, nonce, cv_trust)?;
    let certificate = Certificate::user_authentication(enrolment.complete(proof)?)?;
    trust.verify(&certificate, now)?;

    let subject = pairwise_key.subject(&certificate);
    let card_surface_key = age_record.pairwise_key(pairwise_key);
    enrolment.check(&subject, &card_surface_key, &age_record.birth_date)?;
    Ok(Presence { subject, certificate, revocation: Revocation::NOBODY_ASKED })
}

/// Verifies the half that the card surface application gave: a genuine card, with the birth date
/// and key that its record says, signed for this origin and nonce.
pub(crate) fn verify_card_surface(
    proof: &PresenceProof,
    origin: &str,
    nonce: &str,
    trust: &CvTrust,
) -> Result<AgeRecord, VerifyError> {
    let signer = trust.verify(&CvCertificate::parse(proof.cv_certificate())?)?;
    let age_record = AgeRecord::verified(proof.age_record(), &signer)?;
    let statement = Statement::new(Method::Presence, origin, nonce);
    if !age_record.public_key.verifies(&statement.digest(), proof.signature()) {
        return Err(VerifyError::SignatureMismatch);
    }
    Ok(age_record)
}

/// An enrolled card signed for the expected origin and nonce, without a PIN.
///
/// `Debug` shows nothing of the holder.
#[derive(Clone)]
pub struct Presence {
    subject: String,
    certificate: Certificate,
    revocation: Revocation,
}

impl Presence {
    /// The holder as this relying party knows them: the same as when the card was enrolled.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The extent to which the relying party may rely on it.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        Assurance::Low
    }

    /// The limits of the proof, for the relying party to weigh, and to make up for where it must.
    #[must_use]
    pub fn known_limits(&self) -> &'static [KnownLimit] {
        &[KnownLimit::HolderUnknown, KnownLimit::BoundByEnrolment, KnownLimit::Relay]
    }

    /// The holder's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificate's revocation, as far as it is known: not checked, until
    /// [`with_revocation`](Self::with_revocation) adds an answer.
    #[must_use]
    pub fn revocation(&self) -> &Revocation {
        &self.revocation
    }

    /// Adds the answer to a revocation check. A revoked certificate proves nobody's presence:
    /// [`VerifyError::CertificateRevoked`].
    pub fn with_revocation(self, answer: Answer) -> Result<Self, VerifyError> {
        Ok(Self { revocation: answer.try_into()?, ..self })
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence")
            .field("assurance", &self.assurance())
            .field("revocation", &self.revocation)
            .finish_non_exhaustive()
    }
}

/// The extent to which a relying party may rely on a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a level of another worth must not be overlooked")]
pub enum Assurance {
    /// Enough for what a membership card does: a point at a counter, a gate at an event.
    Low,
}

/// Something that a presence proof leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KnownLimit {
    /// Whoever carries the card passes: no PIN was asked. Not even the birth date need have been
    /// presented this time, as whoever read the age record once may keep it.
    HolderUnknown,
    /// Nothing cryptographic binds the certificate to the card surface key: each is genuine, and
    /// they were on one card when it was enrolled, by the word of the bridge. The certificate can be
    /// copied by everyone who ever had the card on a reader, so that it adds its validity and
    /// nothing of the card's presence.
    BoundByEnrolment,
    /// The card was somewhere, and signed for this origin and nonce. It may have been far away, its
    /// commands relayed.
    Relay,
}

impl KnownLimit {
    /// The name that JavaScript has for it, in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HolderUnknown => "holder-unknown",
            Self::BoundByEnrolment => "bound-by-enrolment",
            Self::Relay => "relay",
        }
    }
}
