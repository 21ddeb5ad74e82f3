//! RSA public keys: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2), the one algorithm of JPKI and of
//! the card surface.

use rsa::pkcs8::EncodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::Sha256;

/// The bytes of the moduli that the card keeps in data objects.
pub(crate) const MODULUS_LENGTH: usize = 256;

/// The bytes before such a modulus: the exponent in `90`, 65537, and the header of `91`.
pub(crate) const RSA_KEY_HEADER: [u8; 9] = [0x90, 0x03, 0x01, 0x00, 0x01, 0x91, 0x82, 0x01, 0x00];

/// AlgorithmIdentifier of rsaEncryption (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];

/// DigestInfo of a card face up to its three digests (card.md 4.8): of SHA-256, but of 96 bytes.
const THREE_DIGESTS: [u8; 19] = [
    0x30, 0x71, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x60,
];

/// A public key of JPKI's strength: 2048 bits or more (施行規則2条), 4096 at most, exponent 65537.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(RsaPublicKey);

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in DER. x509-parser would, too, and would
    /// bring the keys of all other algorithms into the WebAssembly module.
    pub(crate) fn from_info(der: &[u8]) -> Option<Self> {
        let [0x30, 0x82, i1, i2, info @ ..] = der else { return None };
        let [0x03, 0x82, b1, b2, 0x00, key @ ..] = info.strip_prefix(&RSA_ENCRYPTION)? else {
            return None;
        };
        let [0x30, 0x82, k1, k2, integers @ ..] = key else { return None };
        let [0x02, 0x82, m1, m2, modulus @ .., 0x02, 0x03, 0x01, 0x00, 0x01] = integers else {
            return None;
        };
        let lengths = [[i1, i2], [b1, b2], [k1, k2], [m1, m2]]
            .map(|length| usize::from(u16::from_be_bytes(length.map(|byte| *byte))));
        let fits = lengths == [info.len(), key.len() + 1, integers.len(), modulus.len()];
        let is_positive = modulus.first().is_some_and(|&byte| byte < 0x80);
        (fits && is_positive).then(|| Self::from_modulus(modulus))?
    }

    /// Writes what [`from_info`](Self::from_info) reads.
    pub(crate) fn to_info(&self) -> Vec<u8> {
        self.0.to_public_key_der().expect("an RSA key can be written").into_vec()
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

    /// Verifies the signature of a card face, which is over three digests at once.
    pub(crate) fn verifies_digests(&self, digests: &[[u8; 32]; 3], signature: &[u8]) -> bool {
        let digests = digests.as_flattened();
        let scheme =
            Pkcs1v15Sign { hash_len: Some(digests.len()), prefix: THREE_DIGESTS.as_slice().into() };
        self.0.verify(scheme, digests, signature).is_ok()
    }
}
