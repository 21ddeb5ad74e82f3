//! RSA public keys: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2), the one algorithm of JPKI.

use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::Sha256;
use x509_parser::public_key::PublicKey as AnyPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A public key of JPKI's strength: 2048 bits or more (施行規則2条), 4096 at most, exponent 65537.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(RsaPublicKey);

impl PublicKey {
    pub(crate) fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let Ok(AnyPublicKey::RSA(key)) = info.parsed() else { return None };
        let modulus = BigUint::from_bytes_be(key.modulus);
        let exponent = BigUint::from_bytes_be(key.exponent);
        if modulus.bits() < 2048 || exponent != BigUint::from(65537_u32) {
            return None;
        }
        RsaPublicKey::new(modulus, exponent).ok().map(Self)
    }

    /// The bits of the modulus.
    pub(crate) fn size(&self) -> usize {
        self.0.n().bits()
    }

    pub(crate) fn verifies(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        self.0.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature).is_ok()
    }
}
