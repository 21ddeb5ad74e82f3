//! Card-verifiable certificates (ISO/IEC 7816-8, annex B), non-self-descriptive, as My Number Cards
//! hold and check them: `7F21 { 5F4E body, 5F37 signature }`.
//!
//! All parts have fixed lengths, and there is one way to write each.

use std::fmt;

use kazashi_core::value::KeyIdentifier;
use sha2::{Digest, Sha256};

use crate::public_key::{MODULUS_LENGTH, PublicKey, RSA_KEY_HEADER};
use crate::{VerifyError, pem};

const CERTIFICATE_HEADER: [u8; 5] = [0x7F, 0x21, 0x82, 0x02, 0x33];
const BODY_HEADER: [u8; 5] = [0x5F, 0x4E, 0x82, 0x01, 0x29];
const SIGNATURE_HEADER: [u8; 5] = [0x5F, 0x37, 0x82, 0x01, 0x00];

/// A card-verifiable certificate (CV certificate): its issuer says that a key is the subject's.
///
/// It has no date and is not revoked. One lies on every card (card surface application, EF 0004)
/// and certifies the key that signs the card's records; others let an institution prove itself to
/// a card (特定機関認証).
#[derive(Clone, PartialEq, Eq)]
pub struct CvCertificate {
    issuer: KeyIdentifier,
    subject: KeyIdentifier,
    modulus: [u8; MODULUS_LENGTH],
    signature: [u8; MODULUS_LENGTH],
}

impl CvCertificate {
    /// Reads a certificate of 568 bytes, or fails with [`VerifyError::CvCertificateMalformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        Self::read(bytes).ok_or(VerifyError::CvCertificateMalformed)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&CERTIFICATE_HEADER)?.strip_prefix(&BODY_HEADER)?;
        let (issuer, rest) = rest.split_first_chunk()?;
        let (subject, rest) = rest.split_first_chunk()?;
        let (modulus, rest) = rest.strip_prefix(&RSA_KEY_HEADER)?.split_first_chunk()?;
        let signature = rest.strip_prefix(&SIGNATURE_HEADER)?;
        PublicKey::from_modulus(modulus)?;
        Some(Self {
            issuer: KeyIdentifier::from_bytes(issuer).ok()?,
            subject: KeyIdentifier::from_bytes(subject).ok()?,
            modulus: *modulus,
            signature: signature.try_into().ok()?,
        })
    }

    /// The bytes that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [self.body(), self.signature()].concat()
    }

    /// The 307 bytes up to the signature: what a card is sent first (`80 A2 06 C1`).
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        [&CERTIFICATE_HEADER, &BODY_HEADER, self.signed_bytes().as_slice()].concat()
    }

    /// The 261 bytes from the signature's header on: what a card is sent then (`80 A2 00 C1`).
    #[must_use]
    pub fn signature(&self) -> Vec<u8> {
        [SIGNATURE_HEADER.as_slice(), &self.signature].concat()
    }

    /// The name of the key that signed it.
    #[must_use]
    pub fn issuer(&self) -> KeyIdentifier {
        self.issuer
    }

    /// The name of the key that it certifies.
    #[must_use]
    pub fn subject(&self) -> KeyIdentifier {
        self.subject
    }

    /// Whether this is the RSA key that it certifies: a modulus, its first byte first.
    #[must_use]
    pub fn certifies(&self, modulus: &[u8]) -> bool {
        self.modulus == modulus
    }

    /// Verifies that this key issued the certificate, and gives the key that it certifies. So a
    /// chain is verified from its root on:
    ///
    /// ```
    /// # use kazashi_verify::{CvCertificate, CvKey, VerifyError};
    /// # fn of(root: CvKey, chain: &[CvCertificate]) -> Result<CvKey, VerifyError> {
    /// chain.iter().try_fold(root, |key, certificate| certificate.verify(&key))
    /// # }
    /// ```
    ///
    /// Fails with [`VerifyError::CvCertificateUntrusted`].
    pub fn verify(&self, issuer: &CvKey) -> Result<CvKey, VerifyError> {
        if self.issuer != issuer.identifier {
            return Err(self.untrusted("the key at hand has another identifier"));
        }
        let digest = Sha256::digest(self.signed_bytes()).into();
        if !issuer.public_key.verifies(&digest, &self.signature) {
            return Err(self.untrusted("the issuer's key did not sign it"));
        }
        let public_key = PublicKey::from_modulus(&self.modulus);
        let public_key = public_key.ok_or(VerifyError::CvCertificateMalformed)?;
        Ok(CvKey { identifier: self.subject, public_key })
    }

    pub(crate) fn untrusted(&self, what: &'static str) -> VerifyError {
        VerifyError::CvCertificateUntrusted { issuer: self.issuer, what }
    }

    /// The value of the body, without its header.
    fn signed_bytes(&self) -> Vec<u8> {
        let (issuer, subject) = (self.issuer.as_bytes(), self.subject.as_bytes());
        [issuer, subject, RSA_KEY_HEADER.as_slice(), &self.modulus].concat()
    }
}

/// The subject names the holder's municipality.
impl fmt::Debug for CvCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CvCertificate").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A public key under its name: a root, or one that a certificate vouches for.
#[derive(Clone, Debug)]
pub struct CvKey {
    identifier: KeyIdentifier,
    public_key: PublicKey,
}

impl CvKey {
    /// Takes a public key, the SubjectPublicKeyInfo as DER or as PEM, or fails with
    /// [`VerifyError::CvKeyMalformed`].
    pub fn new(identifier: KeyIdentifier, public_key: &[u8]) -> Result<Self, VerifyError> {
        let blocks = pem::decode(public_key, "PUBLIC KEY").unwrap_or_default();
        let public_key = match blocks.as_slice() {
            [der] => PublicKey::from_info(der),
            _ => None,
        };
        let public_key = public_key.ok_or(VerifyError::CvKeyMalformed)?;
        Ok(Self { identifier, public_key })
    }

    pub(crate) fn from_modulus(identifier: KeyIdentifier, modulus: &[u8]) -> Option<Self> {
        Some(Self { identifier, public_key: PublicKey::from_modulus(modulus)? })
    }

    /// Its name.
    #[must_use]
    pub fn identifier(&self) -> KeyIdentifier {
        self.identifier
    }

    /// The public key, as a SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.public_key.to_info()
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}
