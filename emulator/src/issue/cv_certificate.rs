use std::fmt;

use kazashi_core::tlv::{self, Tag};
use rand_core::CryptoRngCore;
use rsa::pkcs1v15::{Signature, SigningKey};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{IssueError, generate_key};

const CERTIFICATE: Tag = Tag(0x7F21);
const BODY: Tag = Tag(0x5F4E);
const SIGNATURE: Tag = Tag(0x5F37);
const EXPONENT: Tag = Tag(0x90);
const MODULUS: Tag = Tag(0x91);

/// What CV certificates call a key: 7 digits, `08 05`, 3 digits, 4 bytes (card.md 4.8). A first
/// digit of 9 is that of neither real hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIdentifier([u8; 16]);

impl KeyIdentifier {
    /// Certifies those who sign what is on the card surface.
    pub const CARD_SURFACE_AUTHORITY: Self = Self(*b"9000023\x08\x05001\0\0\0\0");
    /// Signs what is on the card surface of the cards of one municipality.
    pub const CARD_SURFACE_RECORDS: Self = Self(*b"9322121\x08\x05000\0\0\0\0");
    /// Certifies those who sign what the card says of its holder as text.
    pub const CARD_INFO_AUTHORITY: Self = Self(*b"9000033\x08\x05001\0\0\0\0");
    /// Signs that for the cards of one municipality.
    pub const CARD_INFO_RECORDS: Self = Self(*b"9322131\x08\x05000\0\0\0\0");
    /// Certifies for terminals; cards hold its public half.
    pub const TERMINAL_AUTHORITY: Self = Self(*b"9000073\x08\x050010000");
    /// Between the authority and the terminals.
    pub const TERMINAL_INTERMEDIATE: Self = Self(*b"9000074\x08\x050010000");
    /// A terminal.
    pub const TERMINAL: Self = Self(*b"9000075\x08\x050010000");

    /// Takes the bytes as they are.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// A key with its name: what issues CV certificates (non-self-descriptive, card.md 4.8), and what
/// they certify. `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct CvKey {
    identifier: KeyIdentifier,
    key: RsaPrivateKey,
}

impl CvKey {
    /// A key that there is already, of 2048 bits.
    #[must_use]
    pub fn new(identifier: KeyIdentifier, key: RsaPrivateKey) -> Self {
        Self { identifier, key }
    }

    /// A new key.
    pub fn generate(
        identifier: KeyIdentifier,
        random: &mut dyn CryptoRngCore,
    ) -> Result<Self, IssueError> {
        Ok(Self::new(identifier, generate_key(random)?))
    }

    /// The private key.
    #[must_use]
    pub fn private_key(&self) -> &RsaPrivateKey {
        &self.key
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey::from(&self.key)
    }

    /// The public half, below a line that says what certificates call it (RFC 7468, 2 and 13).
    pub fn to_public_key_pem(&self) -> Result<String, IssueError> {
        let identifier: String = self.identifier.0.map(|byte| format!("{byte:02X}")).concat();
        let pem = self.public_key().to_public_key_pem(LineEnding::LF)?;
        Ok(format!("Key identifier: {identifier}\n{pem}"))
    }

    /// The private key (RFC 7468, 10).
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, IssueError> {
        self.key.to_pkcs8_pem(LineEnding::LF).map_err(|_| IssueError::PrivateKey)
    }

    /// Issues the certificate of another key: 568 bytes, as they lie in a file.
    #[must_use]
    pub fn certify(&self, subject: &Self) -> Vec<u8> {
        let identifiers = [self.identifier.0, subject.identifier.0].concat();
        let body = [identifiers, public_key_object(&subject.public_key())].concat();
        let parts = [tlv::write(BODY, &body), tlv::write(SIGNATURE, &self.sign(&body))];
        tlv::write(CERTIFICATE, &parts.concat())
    }

    /// RSASSA-PKCS1-v1_5 over a DigestInfo as it is.
    pub(super) fn sign_digest_info(&self, digest_info: &[u8]) -> Result<Vec<u8>, IssueError> {
        let signature = self.key.sign(Pkcs1v15Sign::new_unprefixed(), digest_info);
        signature.map_err(|_| IssueError::PrivateKey)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = SigningKey::<Sha256>::new(self.key.clone()).sign(message);
        signature.to_vec()
    }
}

/// A public key as certificates and records hold it.
pub(super) fn public_key_object(key: &RsaPublicKey) -> Vec<u8> {
    let exponent = tlv::write(EXPONENT, &key.e().to_bytes_be());
    [exponent, tlv::write(MODULUS, &key.n().to_bytes_be())].concat()
}

impl fmt::Debug for CvKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CvKey").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}
