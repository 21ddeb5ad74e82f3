use std::fmt;

use zeroize::Zeroizing;

use crate::codec::tlv::{self, Tag};

/// A certificate as read from the card: DER, unverified.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Zeroizing<Vec<u8>>);

impl Certificate {
    /// The DER encoding, without the filler of the file it stood in.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// A certificate that came by wire.
    #[must_use]
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(der.into()))
    }

    /// The certificate at the start of a file, without the filler behind its SEQUENCE.
    #[must_use]
    pub fn from_file(file: &[u8]) -> Option<Self> {
        let sequence = tlv::read(file).next()?.ok()?;
        let is_certificate = sequence.tag() == Tag(0x30);
        is_certificate.then(|| Self(Zeroizing::new(sequence.encoded().to_vec())))
    }

    /// The public key, as SubjectPublicKeyInfo: in a certificate of version 3 (RFC 5280, 4.1) it
    /// comes behind version, serial number, algorithm, issuer, validity and subject.
    #[must_use]
    pub fn public_key(&self) -> Option<&[u8]> {
        let certificate = tlv::read(&self.0).next()?.ok()?;
        let to_be_signed = tlv::read(certificate.value()).next()?.ok()?;
        let public_key = tlv::read(to_be_signed.value()).nth(6)?.ok()?;
        Some(public_key.encoded())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}
