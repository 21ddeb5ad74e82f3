use std::fmt;

use kazashi_core::codec::tlv::{self, Tag};
use kazashi_core::value::KeyIdentifier;
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
        let identifier = self.identifier.to_hexadecimal();
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
        let identifiers = [*self.identifier.as_bytes(), *subject.identifier.as_bytes()].concat();
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
