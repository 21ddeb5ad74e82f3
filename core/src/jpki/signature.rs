//! What flows bring back: certificates and signatures, as the card gave them.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Error,
    tlv::{self, Tag},
};

/// An RSA signature as the card computed it: 256 bytes for its 2048-bit keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// A signature that came by wire.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The signature, big-endian (RFC 8017, 8.2).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// What [`authenticate`](super::authenticate) brings back: the certificate (DER) and the signature
/// over the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedChallenge {
    /// The user authentication certificate, DER.
    pub certificate: Certificate,
    /// Over the statement of origin and nonce.
    pub signature: Signature,
}

/// What the digital signature key signed, with the certificate that says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedDocument {
    /// The digital signature certificate, which holds name and address.
    pub certificate: Certificate,
    /// Over the document's DigestInfo.
    pub signature: Signature,
}

impl SignedDocument {
    /// What a driver answers to [`Step::Sign`](crate::flow::Step::Sign).
    #[must_use]
    pub fn new(certificate: Certificate, signature: Signature) -> Self {
        Self { certificate, signature }
    }
}

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

    /// Trims the filler behind the outermost SEQUENCE.
    pub fn from_file(file: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: "a file that holds no certificate" };
        match tlv::read(file).next() {
            Some(Ok(sequence)) if sequence.tag() == Tag(0x30) => {
                Ok(Self(Zeroizing::new(sequence.encoded().to_vec())))
            }
            _ => Err(malformed),
        }
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
