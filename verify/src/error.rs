//! Reasons for which a verification fails.

use std::fmt;
use std::time::SystemTime;

use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{CertificateKind, KeyIdentifier, MalformedKeyIdentifier};

use crate::{DistinguishedName, Hierarchy};

/// The reason for which a verification failed.
///
/// `Display` and `Debug` tell enough to find the fault and nothing about the holder: not even the
/// end of validity, which falls on the holder's birthday. [`code`](Self::code) is stable, for
/// programs and translations.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    // What the relying party configured or passed in
    /// A CA certificate is neither DER nor PEM, or not X.509.
    #[error("a configured CA certificate is neither PEM nor DER of an X.509 certificate")]
    AuthorityMalformed,
    /// No CA certificate was configured for certificates of this kind and hierarchy, or read from
    /// the card.
    #[error("no {kind:?} certificate of the {hierarchy:?} hierarchy is trusted")]
    AuthorityMissing {
        /// The missing CA certificate.
        kind: CertificateKind,
        /// Its hierarchy.
        hierarchy: Hierarchy,
    },
    /// A CA certificate that was read from a card is none of those in `roots.toml`, so that it
    /// proves nothing. It may be a new generation, or a forgery.
    #[error("the CA certificate from the card is not pinned: SHA-256 {fingerprint}")]
    AuthorityNotPinned {
        /// Its SHA-256 fingerprint in hexadecimal.
        fingerprint: String,
    },
    /// A certificate was configured that is not one of JPKI's authorities.
    #[error("a configured certificate is not one of a CA of JPKI: {what}")]
    AuthorityUnsuitable {
        /// The difference.
        what: &'static str,
    },
    /// A configured root of card-verifiable certificates is no RSA key as SubjectPublicKeyInfo.
    #[error("a configured root of CV certificates is no RSA key of JPKI's strength in PEM or DER")]
    CvKeyMalformed,
    /// Tokens carry signatures of the user authentication key, which signs nothing of this method.
    #[error("no token proves this method")]
    MethodUnsupported,
    /// The expected nonce is none that a server should give out.
    #[error("the expected nonce is not 44 to 128 characters of base64")]
    NonceMalformed,
    /// The expected origin is not written as browsers write one, so that no signature can match it.
    #[error("the expected origin is not like https://host or https://host:port, in lower case")]
    OriginMalformed,
    /// A guessable key would let others compute identifiers.
    #[error("the pairwise key has {length} bytes; at least 32 are needed")]
    PairwiseKeyTooShort {
        /// Its length in bytes.
        length: usize,
    },

    // The token
    /// Only RS256 is accepted, whatever the token says.
    #[error("the token's algorithm is not RS256")]
    TokenAlgorithmUnsupported,
    /// The token is of another format or version.
    #[error("the token's format is not web-eid:1")]
    TokenFormatUnsupported,
    /// The token cannot be read.
    #[error("the token is malformed: {what}")]
    TokenMalformed {
        /// The unreadable part.
        what: &'static str,
    },
    /// The token is shorter or longer than any real one.
    #[error("the token has {length} bytes; 100 to 10000 are accepted")]
    TokenSize {
        /// Its length in bytes.
        length: usize,
    },

    // The certificate
    /// The authority's certificate is no longer valid.
    #[error("the CA certificate has expired")]
    AuthorityExpired {
        /// The time passed in.
        now: SystemTime,
        /// The end of the CA certificate's validity.
        not_after: SystemTime,
    },
    /// The authority's certificate is not valid yet.
    #[error("the CA certificate is not valid yet")]
    AuthorityNotYetValid {
        /// The time passed in.
        now: SystemTime,
        /// The beginning of the CA certificate's validity.
        not_before: SystemTime,
    },
    /// The holder's certificate is no longer valid.
    #[error("the certificate has expired")]
    CertificateExpired {
        /// The time passed in.
        now: SystemTime,
        /// The end of validity: a birthday of the holder.
        not_after: SystemTime,
    },
    /// The issuer's name is not one of JPKI's.
    #[error("the certificate's issuer is not an authority of JPKI")]
    CertificateIssuerUnexpected {
        /// The issuer's name.
        found: DistinguishedName,
    },
    /// Key usage is not that of the profile, or not critical.
    #[error("the certificate's key usage is not that of its kind")]
    CertificateKeyUsageUnexpected {
        /// The bits of the profile (RFC 5280, 4.2.1.3), digitalSignature the lowest.
        expected: u16,
        /// The bits of the certificate, if they are there, readable and critical.
        found: Option<u16>,
    },
    /// Another of the card's certificates than the one needed.
    #[error("the certificate is of the kind {found:?}, not {expected:?}")]
    CertificateKindUnexpected {
        /// The kind that is needed.
        expected: CertificateKind,
        /// The kind that is there.
        found: CertificateKind,
    },
    /// The certificate is not X.509 in DER.
    #[error("the certificate is malformed")]
    CertificateMalformed,
    /// Extended key usage lacks clientAuth.
    #[error("the certificate is not for client authentication")]
    CertificateNotForClientAuthentication,
    /// The holder's certificate is not valid yet.
    #[error("the certificate is not valid yet")]
    CertificateNotYetValid {
        /// The time passed in.
        now: SystemTime,
        /// The beginning of validity.
        not_before: SystemTime,
    },
    /// The certificate is of JPKI-TEST, which anyone can obtain: see
    /// [`accepting_test_hierarchy`](crate::Trust::accepting_test_hierarchy).
    #[error("the certificate is of the test hierarchy JPKI-TEST, which was not asked for")]
    CertificateOfTestHierarchy,
    /// The certificate was not issued under the policy of its kind and hierarchy.
    #[error("the certificate's policy is not {expected}")]
    CertificatePolicyUnexpected {
        /// The policy of its kind and hierarchy, in dotted decimal.
        expected: &'static str,
        /// The policies that the certificate names.
        found: Vec<String>,
    },
    /// The certificate departs from the JPKI profile in another way.
    #[error("the certificate departs from the JPKI profile: {what}")]
    CertificateProfileUnexpected {
        /// The unexpected part.
        what: &'static str,
    },
    /// The certificate was revoked.
    #[error("the certificate was revoked")]
    CertificateRevoked,
    /// The certificate names the key of a trusted authority, which did not sign it: forged, or
    /// damaged.
    #[error("the certificate's signature is not by the CA that it names")]
    CertificateSignatureMismatch,
    /// None of the trusted authorities has the key that the certificate names: another generation,
    /// or a forgery under the same name.
    #[error("no trusted CA has the key identifier {key_identifier}, which the certificate names")]
    CertificateUntrusted {
        /// The key identifier of the CA that is missing, in hexadecimal.
        key_identifier: String,
    },

    // Records of the card, and card presence
    /// The card face proof cannot be read.
    #[error("the card face proof is malformed: {what}")]
    CardFaceProofMalformed {
        /// The unreadable part.
        what: &'static str,
    },
    /// A record of the card is not signed with the key that the CV certificate certifies, or is
    /// another than the one that was signed: forged, or damaged.
    #[error("the record is not what the key in the CV certificate signed")]
    CardRecordForged,
    /// A record of the card cannot be read.
    #[error("a record of the card is malformed: {what}")]
    CardRecordMalformed {
        /// The unreadable part.
        what: &'static str,
    },
    /// The CV certificate is not of the form that cards hold, or an identifier in it is not.
    #[error("the CV certificate or key identifier is malformed")]
    CvCertificateMalformed,
    /// No trusted root issued the CV certificate: see [`CvTrust`](crate::CvTrust).
    #[error("the CV certificate of the issuer {issuer} is not trusted: {what}")]
    CvCertificateUntrusted {
        /// The issuer that the certificate names.
        issuer: KeyIdentifier,
        /// The reason.
        what: &'static str,
    },
    /// The proof is of another card, certificate or birth date than the enrolment.
    #[error("the presence proof does not belong to the enrolment: {what}")]
    EnrolmentMismatch {
        /// The difference.
        what: &'static str,
    },
    /// The presence proof cannot be read.
    #[error("the presence proof is malformed: {what}")]
    PresenceProofMalformed {
        /// The unreadable part.
        what: &'static str,
    },

    // The signature
    /// The signature is over something else (another origin, nonce or method), by another key, or
    /// damaged.
    #[error("the signature does not match the expected origin, nonce and method")]
    SignatureMismatch,
}

impl VerifyError {
    /// The row of the table of errors that speaks of this one: a stable name for programs, and
    /// words for the person at the desk.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::AuthorityExpired { .. } => ErrorCode::AuthorityExpired,
            Self::AuthorityMalformed | Self::CvKeyMalformed => ErrorCode::AuthorityMalformed,
            Self::AuthorityMissing { .. } => ErrorCode::AuthorityMissing,
            Self::AuthorityNotPinned { .. } => ErrorCode::AuthorityNotPinned,
            Self::AuthorityNotYetValid { .. } => ErrorCode::AuthorityNotYetValid,
            Self::AuthorityUnsuitable { .. } => ErrorCode::AuthorityUnsuitable,
            Self::CardFaceProofMalformed { .. } | Self::PresenceProofMalformed { .. } => {
                ErrorCode::PresenceProofMalformed
            }
            Self::CardRecordForged => ErrorCode::CardRecordForged,
            Self::CardRecordMalformed { .. } => ErrorCode::CardMalformed,
            Self::CertificateExpired { .. } => ErrorCode::CertificateExpired,
            Self::CertificateIssuerUnexpected { .. } => ErrorCode::CertificateIssuerUnexpected,
            Self::CertificateKeyUsageUnexpected { .. } => ErrorCode::CertificateKeyUsageUnexpected,
            Self::CertificateKindUnexpected { .. } => ErrorCode::CertificateKindUnexpected,
            Self::CertificateMalformed => ErrorCode::CertificateMalformed,
            Self::CertificateNotForClientAuthentication => {
                ErrorCode::CertificateNotForClientAuthentication
            }
            Self::CertificateNotYetValid { .. } => ErrorCode::CertificateNotYetValid,
            Self::CertificateOfTestHierarchy => ErrorCode::CertificateOfTestHierarchy,
            Self::CertificatePolicyUnexpected { .. } => ErrorCode::CertificatePolicyUnexpected,
            Self::CertificateProfileUnexpected { .. } => ErrorCode::CertificateProfileUnexpected,
            Self::CertificateRevoked => ErrorCode::CertificateRevoked,
            Self::CertificateSignatureMismatch => ErrorCode::CertificateSignatureMismatch,
            Self::CertificateUntrusted { .. } => ErrorCode::CertificateUntrusted,
            Self::CvCertificateMalformed => ErrorCode::CvCertificateMalformed,
            Self::CvCertificateUntrusted { .. } => ErrorCode::CvCertificateUntrusted,
            Self::EnrolmentMismatch { .. } => ErrorCode::EnrolmentMismatch,
            Self::MethodUnsupported => ErrorCode::MethodUnsupported,
            Self::NonceMalformed => ErrorCode::NonceMalformed,
            Self::OriginMalformed => ErrorCode::OriginMalformed,
            Self::PairwiseKeyTooShort { .. } => ErrorCode::PairwiseKeyTooShort,
            Self::SignatureMismatch => ErrorCode::SignatureMismatch,
            Self::TokenAlgorithmUnsupported => ErrorCode::TokenAlgorithmUnsupported,
            Self::TokenFormatUnsupported => ErrorCode::TokenFormatUnsupported,
            Self::TokenMalformed { .. } => ErrorCode::TokenMalformed,
            Self::TokenSize { .. } => ErrorCode::TokenSize,
        }
    }
}

impl From<MalformedKeyIdentifier> for VerifyError {
    fn from(_: MalformedKeyIdentifier) -> Self {
        Self::CvCertificateMalformed
    }
}

/// Derived, it would print the dates of validity.
impl fmt::Debug for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code().as_str())
    }
}
