//! X.509 as far as JPKI uses it, over x509-parser.

use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{KeyUsage, ParsedExtension};
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
    OID_X509_EXT_CERTIFICATE_POLICIES, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER, Oid,
};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{X509Name, X509Version};

use crate::public_key::PublicKey;

/// AlgorithmIdentifier of sha256WithRSAEncryption (RFC 4055, 5).
const SHA_256_WITH_RSA: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00];

/// The certificate of a holder or of an authority.
pub(crate) struct X509<'a>(X509Certificate<'a>);

/// The first and the last moment of a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

impl<'a> X509<'a> {
    /// Reads a certificate that fills the bytes, with each extension that x509-parser knows in
    /// order and none twice.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let Ok((&[], certificate)) = X509Certificate::from_der(der) else { return None };
        let extensions = certificate.extensions_map().ok()?;
        let malformed = |parsed: &_| matches!(parsed, ParsedExtension::ParseError { .. });
        if extensions.values().any(|extension| malformed(extension.parsed_extension())) {
            return None;
        }
        Some(Self(certificate))
    }

    /// Checks what holders and authorities have in common, or names what is wrong.
    pub(crate) fn check_common_profile(&self) -> Result<(), &'static str> {
        if self.0.version() != X509Version::V3 {
            return Err("not version 3");
        }
        if self.0.tbs_certificate.signature.algorithm != OID_PKCS1_SHA256WITHRSA
            || !self.ends_as_signed_with_rsa_and_sha_256()
        {
            return Err("not signed with RSA and SHA-256");
        }
        if self.0.extensions().iter().any(|extension| {
            let understood = matches!(
                extension.parsed_extension(),
                ParsedExtension::BasicConstraints(_)
                    | ParsedExtension::CertificatePolicies(_)
                    | ParsedExtension::ExtendedKeyUsage(_)
                    | ParsedExtension::KeyUsage(_)
            );
            extension.critical && !understood
        }) {
            return Err("a critical extension that is not understood");
        }
        Ok(())
    }

    /// What follows the signed part is not signed itself, and x509-parser reads it loosely. So it must
    /// be, byte for byte, the only encoding of algorithm and signature in DER.
    fn ends_as_signed_with_rsa_and_sha_256(&self) -> bool {
        let signature = self.signature();
        let Ok(length) = u16::try_from(signature.len() + 1) else { return false };
        let end = [
            self.0.tbs_certificate.as_ref(),
            &SHA_256_WITH_RSA,
            &[0x03, 0x82],
            &length.to_be_bytes(),
            &[0],
            signature,
        ]
        .concat();
        self.0.as_raw().ends_with(&end)
    }

    pub(crate) fn issuer(&self) -> &X509Name<'a> {
        &self.0.tbs_certificate.issuer
    }

    pub(crate) fn subject(&self) -> &X509Name<'a> {
        &self.0.tbs_certificate.subject
    }

    /// The serial number in hexadecimal, two digits for each byte, without the byte that only keeps
    /// it positive.
    pub(crate) fn serial_number(&self) -> String {
        let bytes = match self.0.raw_serial() {
            [0, magnitude @ ..] if !magnitude.is_empty() => magnitude,
            bytes => bytes,
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// `None` before 1970 or beyond what the system can represent.
    pub(crate) fn validity(&self) -> Option<Validity> {
        let time = |time: ASN1Time| {
            let seconds = u64::try_from(time.timestamp()).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
        };
        let validity = self.0.validity();
        Some(Validity {
            not_before: time(validity.not_before)?,
            not_after: time(validity.not_after)?,
        })
    }

    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_info(self.0.public_key())
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(crate) fn public_key_info(&self) -> &'a [u8] {
        self.0.tbs_certificate.subject_pki.raw
    }

    /// SHA-256 over what the issuer signed.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0.tbs_certificate).into()
    }

    /// What the issuer signed with.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature_value.data
    }

    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        match self.extension(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)? {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
            _ => None,
        }
    }

    pub(crate) fn authority_key_identifier(&self) -> Option<&[u8]> {
        match self.extension(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)? {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                identifier.key_identifier.as_ref().map(|identifier| identifier.0)
            }
            _ => None,
        }
    }

    /// Whether key usage is critical and digitalSignature alone.
    pub(crate) fn is_for_digital_signature_alone(&self) -> bool {
        const DIGITAL_SIGNATURE: KeyUsage = KeyUsage { flags: 1 };
        let Ok(Some(key_usage)) = self.0.key_usage() else { return false };
        key_usage.critical && *key_usage.value == DIGITAL_SIGNATURE
    }

    pub(crate) fn is_for_client_authentication(&self) -> bool {
        let Ok(Some(extended_key_usage)) = self.0.extended_key_usage() else { return false };
        extended_key_usage.value.client_auth
    }

    /// Whether the certificate's subject may sign certificates.
    pub(crate) fn is_authority(&self) -> bool {
        let Ok(Some(key_usage)) = self.0.key_usage() else { return false };
        self.0.is_ca() && key_usage.value.key_cert_sign()
    }

    /// Whether the certificate claims to be an authority's.
    pub(crate) fn is_ca(&self) -> bool {
        self.0.is_ca()
    }

    /// The policies under which the certificate was issued.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Oid<'a>> {
        let policies = match self.extension(&OID_X509_EXT_CERTIFICATE_POLICIES) {
            Some(ParsedExtension::CertificatePolicies(policies)) => policies.as_slice(),
            _ => &[],
        };
        policies.iter().map(|policy| &policy.policy_id)
    }

    fn extension(&self, oid: &Oid<'_>) -> Option<&ParsedExtension<'a>> {
        Some(self.0.get_extension_unique(oid).ok()??.parsed_extension())
    }
}
