use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use rand_core::CryptoRngCore;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha2::{Digest, Sha256};

use super::Card;
use crate::application::Access;
use crate::{Application, Contents, Deed, Ef, PrivateKey};

/// A DigestInfo of SHA-256, up to the digest (RFC 8017, 9.2, note 1).
const SHA_256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

impl Card {
    /// COMPUTE DIGITAL SIGNATURE in the card's own class (card.md 4.3): P1 says what the data is.
    pub(super) fn compute_digital_signature(
        &mut self,
        command: &CommandApdu,
        random: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, StatusWord> {
        let scheme = Scheme::of_p1(command.p1())?;
        let ef = self.key_of_p2(command.p2())?;
        let Contents::PrivateKey(key) = self.contents(ef)? else {
            return Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE);
        };
        let needs_permission = !self.is_open(ef);
        if needs_permission && !self.permits(ef, command) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let room = usize::try_from(command.ne()).unwrap_or(usize::MAX);
        if command.data().is_empty() || room < PrivateKey::SIGNATURE_LENGTH {
            return Err(StatusWord::WRONG_LENGTH);
        }
        if !scheme.accepts(command.data().len()) {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let signature =
            scheme.sign(key.rsa(), command.data(), random).map_err(|_| StatusWord::UNKNOWN)?;
        if needs_permission {
            self.permitted = None;
        }
        self.deed = Some(Deed::Signed { key: ef, data: command.data().to_vec() });
        Ok(signature)
    }

    /// P2 is as in VERIFY, or `00` in an application with a default key.
    fn key_of_p2(&mut self, p2: u8) -> Result<Ef, StatusWord> {
        match (p2, self.application.and_then(Application::default_key)) {
            (0x00, Some(key)) => Ok(key),
            _ => self.ef_of_p2(p2),
        }
    }

    /// Whether a terminal let this key sign just this (our extension).
    fn permits(&self, ef: Ef, command: &CommandApdu) -> bool {
        let digest = command.data().strip_prefix(&SHA_256_DIGEST_INFO);
        matches!(ef.application.access(ef.id), Access::AfterPinOrTerminal(_))
            && command.p1() == 0x00
            && self.permitted.is_some_and(|permitted| digest == Some(&permitted))
    }
}

/// Scheme that P1 asks for.
#[derive(Clone, Copy)]
enum Scheme {
    /// PKCS #1 v1.5 over the data as it is: a DigestInfo, unless someone wants something else.
    Verbatim,
    /// PKCS #1 v1.5 over the message's SHA-256 digest, without DigestInfo.
    BareDigestOfMessage,
    /// PKCS #1 v1.5 over a SHA-256 digest, to which the card adds the DigestInfo.
    Digest,
    /// The same over a message, which the card hashes.
    Message,
    /// PSS over a SHA-256 digest.
    PssDigest,
    /// PSS over a message.
    PssMessage,
}

impl Scheme {
    fn of_p1(p1: u8) -> Result<Self, StatusWord> {
        match p1 {
            0x00 => Ok(Self::Verbatim),
            0x01 => Ok(Self::BareDigestOfMessage),
            0x02 => Ok(Self::Digest),
            0x03 => Ok(Self::Message),
            0x04 => Ok(Self::PssDigest),
            0x05 => Ok(Self::PssMessage),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    fn accepts(self, nc: usize) -> bool {
        match self {
            // PKCS #1 v1.5 needs 11 of the 256 bytes for itself.
            Self::Verbatim => nc <= 245,
            Self::Digest | Self::PssDigest => nc == 32,
            Self::BareDigestOfMessage | Self::Message | Self::PssMessage => nc <= 255,
        }
    }

    fn sign(
        self,
        key: &RsaPrivateKey,
        data: &[u8],
        mut random: &mut dyn CryptoRngCore,
    ) -> rsa::Result<Vec<u8>> {
        // Blinding would cost time and guard keys that are not worth it.
        match self {
            Self::Verbatim => key.sign(Pkcs1v15Sign::new_unprefixed(), data),
            Self::BareDigestOfMessage => {
                key.sign(Pkcs1v15Sign::new_unprefixed(), &Sha256::digest(data))
            }
            Self::Digest => key.sign(Pkcs1v15Sign::new::<Sha256>(), data),
            Self::Message => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(data)),
            Self::PssDigest => key.sign_with_rng(&mut random, Pss::new::<Sha256>(), data),
            Self::PssMessage => {
                key.sign_with_rng(&mut random, Pss::new::<Sha256>(), &Sha256::digest(data))
            }
        }
    }
}
