//! The holder of a card, in a form that only one relying party can link.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use kazashi_core::codec::tlv::{self, Tag};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Certificate, VerifyError};

/// The secret with which a relying party turns certificates into identifiers of its own.
///
/// Keep it as long as the accounts: with another key, every holder is a stranger. Whoever has it
/// and a certificate can compute the identifier, so it belongs where passwords are kept. Erased on
/// drop; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PairwiseKey(Zeroizing<Box<[u8]>>);

impl PairwiseKey {
    /// Takes at least 32 random bytes, or fails with [`VerifyError::PairwiseKeyTooShort`].
    pub fn new(bytes: &[u8]) -> Result<Self, VerifyError> {
        match bytes.len() {
            0..32 => Err(VerifyError::PairwiseKeyTooShort { length: bytes.len() }),
            _ => Ok(Self(Zeroizing::new(bytes.into()))),
        }
    }

    /// The subject that an authentication with this certificate has, to look up an account or an
    /// enrolment. Whoever read the certificate off a card can send it: nothing is verified.
    ///
    /// HMAC-SHA256 over the SubjectPublicKeyInfo, in base64url without padding.
    #[must_use]
    pub fn subject(&self, certificate: &Certificate) -> String {
        // No tag, as the accounts of old have none. All other uses begin with one, and none of them
        // as a SubjectPublicKeyInfo does.
        self.keyed_hash(&[certificate.public_key_info()])
    }

    /// Keyed hash of issuer and serial number, never the number itself: a relying party may keep it
    /// beside an [`Enrolment`](crate::Enrolment), to find that again by the head of the
    /// certificate, the first 256 bytes of EF 000A, which one short command reads.
    ///
    /// Nothing is verified. Fails with [`VerifyError::CertificateMalformed`].
    pub fn recognition(&self, head: &[u8]) -> Result<String, VerifyError> {
        let (issuer, serial_number) =
            issuer_and_serial_number(head).ok_or(VerifyError::CertificateMalformed)?;
        Ok(self.keyed_hash(&[b"kazashi-recognition:1\0", issuer, serial_number]))
    }

    /// The key that tells one card surface from another, as an enrolment keeps it.
    pub(crate) fn card_surface_key(&self, key: &[u8]) -> String {
        self.keyed_hash(&[b"kazashi-card-surface-key:1\0", key])
    }

    /// HMAC-SHA256 in base64url without padding.
    fn keyed_hash(&self, parts: &[&[u8]]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, 3)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        for part in parts {
            mac.update(part);
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseKey")
    }
}

/// Both in DER, with their headers, from the beginning of a certificate (RFC 5280, 4.1).
fn issuer_and_serial_number(head: &[u8]) -> Option<(&[u8], &[u8])> {
    const VERSION: Tag = Tag(0xA0);
    const INTEGER: Tag = Tag(0x02);
    const SEQUENCE: Tag = Tag(0x30);
    // Certificate and TBSCertificate go on beyond the head.
    let [0x30, 0x82, _, _, 0x30, 0x82, _, _, fields @ ..] = head else { return None };
    let mut fields = tlv::read(fields);
    let mut next = |tag| Some(fields.next()?.ok().filter(|field| field.tag() == tag)?.encoded());
    let _version = next(VERSION)?;
    let serial_number = next(INTEGER)?;
    let _signature_algorithm = next(SEQUENCE)?;
    let issuer = next(SEQUENCE)?;
    Some((issuer, serial_number))
}
