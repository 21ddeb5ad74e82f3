//! Verifying a token, and what comes out of it.

use std::time::SystemTime;

use kazashi_core::value::{Method, Nonce, Statement, Token};

use crate::{Answer, Certificate, PairwiseKey, Revocation, Trust, VerifyError};

/// The relying party's expectations of a token.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a new expectation must not be overlooked")]
pub struct Expected<'a> {
    /// The origin of the relying party's own page, as browsers write it: `https://portal.example`,
    /// with the port if it is not the scheme's own, without a path.
    pub origin: &'a str,
    /// The nonce that this session was given: base64 of at least 32 random bytes, 44 to 128
    /// characters. Remove it from the session before verifying.
    pub nonce: &'a str,
    /// The method for which the nonce was given.
    pub method: Method,
    /// The time at which the certificates must be valid.
    pub now: SystemTime,
}

impl Expected<'_> {
    fn check(&self) -> Result<(), VerifyError> {
        if !matches!(self.method, Method::Pin | Method::Terminal) {
            return Err(VerifyError::MethodUnsupported);
        }
        check_nonce(self.nonce)?;
        check_origin(self.origin)
    }
}

pub(crate) fn check_nonce(nonce: &str) -> Result<(), VerifyError> {
    Nonce::parse(nonce).map(drop).map_err(|_| VerifyError::NonceMalformed)
}

/// Not a full parse: only the slips of a configuration file that would otherwise show as a wrong
/// signature.
pub(crate) fn check_origin(origin: &str) -> Result<(), VerifyError> {
    let slips =
        |c: char| c.is_ascii_uppercase() || c.is_whitespace() || matches!(c, '/' | '?' | '#');
    match origin.split_once("://") {
        Some(("https" | "http", host)) if !host.is_empty() && !host.contains(slips) => Ok(()),
        _ => Err(VerifyError::OriginMalformed),
    }
}

/// Verifies a token that the page handed over.
///
/// The [crate] documentation has an example, the order of the checks, and what is left to the
/// caller. Each failure is a [`VerifyError`] of its own; one that depends on the signature (another
/// origin, nonce or method) is [`VerifyError::SignatureMismatch`].
pub fn verify(
    token: &Token,
    expected: &Expected<'_>,
    trust: &Trust,
) -> Result<Authentication, VerifyError> {
    expected.check()?;
    if !token.format().starts_with("web-eid:1.") {
        return Err(VerifyError::TokenFormatUnsupported);
    }
    if token.algorithm() != "RS256" {
        return Err(VerifyError::TokenAlgorithmUnsupported);
    }
    let certificate = Certificate::user_authentication(token.unverified_certificate())?;
    trust.verify(&certificate, expected.now)?;

    let statement = Statement::new(expected.method, expected.origin, expected.nonce);
    if !certificate.has_signed(&statement.digest(), token.signature()) {
        return Err(VerifyError::SignatureMismatch);
    }
    Ok(Authentication {
        method: expected.method,
        certificate,
        revocation: Revocation::NOBODY_ASKED,
    })
}

/// A card signed for the expected origin and nonce.
#[derive(Clone, Debug)]
pub struct Authentication {
    method: Method,
    certificate: Certificate,
    revocation: Revocation,
}

impl Authentication {
    /// The way in which the holder let the card sign, according to
    /// [`method_source`](Self::method_source).
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The source of that: who says that it was this method.
    #[must_use]
    pub fn method_source(&self) -> MethodSource {
        MethodSource::Bridge
    }

    /// The holder as this relying party knows them: 43 characters, the same for the same
    /// certificate and key, and of no use to whoever lacks the key. A renewed certificate has a new
    /// key, and so a new subject.
    #[must_use]
    pub fn subject(&self, key: &PairwiseKey) -> String {
        key.subject(&self.certificate)
    }

    /// The certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it.
    ///
    /// It is the same at every relying party, and the law restricts what it may be used for. Prefer
    /// [`subject`](Self::subject), and keep this out of logs.
    #[must_use]
    pub fn serial_number(&self) -> &str {
        self.certificate.serial_number()
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

    /// Adds the answer to a revocation check. A revoked certificate authenticates nobody:
    /// [`VerifyError::CertificateRevoked`].
    pub fn with_revocation(self, answer: Answer) -> Result<Self, VerifyError> {
        Ok(Self { revocation: answer.try_into()?, ..self })
    }
}

/// The source of the method: who says by which the card came to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a source of another worth must not be overlooked")]
pub enum MethodSource {
    /// The bridge on the workstation. It makes the statement of a method only when it itself
    /// presented the PIN, or carried the institution's proof to the card; other software with the
    /// card in hand could forge the statement of either.
    Bridge,
}
