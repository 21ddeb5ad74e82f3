//! RSA public keys: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2), the one algorithm of JPKI and of
//! the card surface.

use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::Sha256;
use x509_parser::public_key::PublicKey as AnyPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The bytes of the moduli that the card keeps in data objects.
pub(crate) const MODULUS_LENGTH: usize = 256;

/// What comes before such a modulus: the exponent in `90`, 65537, and the header of `91`.
pub(crate) const RSA_KEY_HEADER: [u8; 9] = [0x90, 0x03, 0x01, 0x00, 0x01, 0x91, 0x82, 0x01, 0x00];

/// A public key of JPKI's strength: 2048 bits or more (施行規則2条), 4096 at most, exponent 65537.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(RsaPublicKey);

impl PublicKey {
    pub(crate) fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let Ok(AnyPublicKey::RSA(key)) = info.parsed() else { return None };
        let exponent = BigUint::from_bytes_be(key.exponent);
        (exponent == BigUint::from(65537_u32)).then(|| Self::from_modulus(key.modulus))?
    }

    pub(crate) fn from_modulus(modulus: &[u8]) -> Option<Self> {
        let modulus = BigUint::from_bytes_be(modulus);
        if modulus.bits() < 2048 {
            return None;
        }
        RsaPublicKey::new(modulus, 65537_u32.into()).ok().map(Self)
    }

    /// The bits of the modulus.
    pub(crate) fn size(&self) -> usize {
        self.0.n().bits()
    }

    pub(crate) fn verifies(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        self.0.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature).is_ok()
    }
}
