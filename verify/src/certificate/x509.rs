//! X.509 as far as JPKI uses it, over x509-parser.

use std::time::{Duration, SystemTime};

use kazashi_core::codec::Hex;
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{FromDer, Sequence};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyIdentifier, KeyUsage,
    X509Extension,
};
use x509_parser::nom::Parser;
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_BASIC_CONSTRAINTS,
    OID_X509_EXT_CERTIFICATE_POLICIES, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
    OID_X509_EXT_SUBJECT_ALT_NAME, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER, Oid,
};
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
    /// Reads a certificate that fills the bytes. Its extensions are left for later: reading all
    /// kinds that x509-parser knows would double the size of the WebAssembly module.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        match parser.parse(der) {
            Ok((&[], certificate)) => Some(Self(certificate)),
            _ => None,
        }
    }

    /// Checks what holders and authorities have in common, or names what is wrong.
    pub(crate) fn check_common_profile(&self) -> Result<(), &'static str> {
        if self.0.version() != X509Version::V3 {
            return Err("not version 3");
        }
        if self.0.tbs_certificate.signature.algorithm != OID_PKCS1_SHA256WITHRSA
            || !self.is_enclosed_as_signed_with_rsa_and_sha_256()
        {
            return Err("not signed with RSA and SHA-256");
        }
        let understood = [
            OID_X509_EXT_BASIC_CONSTRAINTS,
            OID_X509_EXT_CERTIFICATE_POLICIES,
            OID_X509_EXT_EXTENDED_KEY_USAGE,
            OID_X509_EXT_KEY_USAGE,
        ];
        let mut critical = self.0.extensions().iter().filter(|extension| extension.critical);
        if !critical.all(|extension| understood.contains(&extension.oid)) {
            return Err("a critical extension that is not understood");
        }
        Ok(())
    }

    /// What surrounds the signed part is not signed itself, and x509-parser reads it loosely. So it
    /// must be, byte for byte, the only encoding of algorithm and signature in DER.
    fn is_enclosed_as_signed_with_rsa_and_sha_256(&self) -> bool {
        let signature = self.signature();
        let Ok(length) = u16::try_from(signature.len() + 1) else { return false };
        let content = [
            self.0.tbs_certificate.as_ref(),
            &SHA_256_WITH_RSA,
            &[0x03, 0x82],
            &length.to_be_bytes(),
            &[0],
            signature,
        ]
        .concat();
        let Ok(length) = u16::try_from(content.len()) else { return false };
        self.0.as_raw() == [&[0x30, 0x82], length.to_be_bytes().as_slice(), &content].concat()
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
        Hex::from(bytes).to_string()
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
        PublicKey::from_info(self.public_key_info())
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(crate) fn public_key_info(&self) -> &'a [u8] {
        self.0.tbs_certificate.subject_pki.raw
    }

    /// SHA-256 over what the issuer signed.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0.tbs_certificate).into()
    }

    /// The issuer's signature.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature_value.data
    }

    pub(crate) fn subject_key_identifier(&self) -> Option<&'a [u8]> {
        let identifier: KeyIdentifier<'_> = self.value(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)?;
        Some(identifier.0)
    }

    pub(crate) fn authority_key_identifier(&self) -> Option<&'a [u8]> {
        let authority: AuthorityKeyIdentifier<'_> =
            self.value(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)?;
        Some(authority.key_identifier?.0)
    }

    /// The bits of key usage (RFC 5280, 4.2.1.3), digitalSignature the lowest. `None` if it is not
    /// critical.
    pub(crate) fn critical_key_usage(&self) -> Option<u16> {
        let is_critical = self.extension(&OID_X509_EXT_KEY_USAGE)?.critical;
        let key_usage: KeyUsage = self.value(&OID_X509_EXT_KEY_USAGE)?;
        is_critical.then_some(key_usage.flags)
    }

    pub(crate) fn is_for_client_authentication(&self) -> bool {
        self.value(&OID_X509_EXT_EXTENDED_KEY_USAGE)
            .is_some_and(|usage: ExtendedKeyUsage<'_>| usage.client_auth)
    }

    pub(crate) fn has_extended_key_usage(&self) -> bool {
        self.has_extension(&OID_X509_EXT_EXTENDED_KEY_USAGE)
    }

    /// The value of subjectAltName, which this module leaves unread.
    pub(crate) fn subject_alt_name(&self) -> Option<&'a [u8]> {
        Some(self.extension(&OID_X509_EXT_SUBJECT_ALT_NAME)?.value)
    }

    /// Whether the certificate's subject may sign certificates.
    pub(crate) fn is_authority(&self) -> bool {
        self.value(&OID_X509_EXT_BASIC_CONSTRAINTS)
            .is_some_and(|constraints: BasicConstraints| constraints.ca)
            && self
                .value(&OID_X509_EXT_KEY_USAGE)
                .is_some_and(|key_usage: KeyUsage| key_usage.key_cert_sign())
    }

    /// Whether the certificate has the extension that sets authorities apart, whatever it says.
    pub(crate) fn has_basic_constraints(&self) -> bool {
        self.has_extension(&OID_X509_EXT_BASIC_CONSTRAINTS)
    }

    /// The policies under which the certificate was issued, in dotted decimal.
    pub(crate) fn policies(&self) -> Vec<String> {
        let policies: Vec<Sequence<'_>> =
            self.value(&OID_X509_EXT_CERTIFICATE_POLICIES).unwrap_or_default();
        policies
            .iter()
            .filter_map(|policy| Some(Oid::from_der(&policy.content).ok()?.1.to_id_string()))
            .collect()
    }

    /// The value of an extension, unless it is absent, unreadable or there twice.
    fn value<T: FromDer<'a, E>, E>(&self, oid: &Oid<'_>) -> Option<T> {
        match T::from_der(self.extension(oid)?.value) {
            Ok((&[], value)) => Some(value),
            _ => None,
        }
    }

    fn has_extension(&self, oid: &Oid<'_>) -> bool {
        self.0.extensions().iter().any(|extension| extension.oid == *oid)
    }

    fn extension(&self, oid: &Oid<'_>) -> Option<&X509Extension<'a>> {
        self.0.get_extension_unique(oid).ok()?
    }
}
