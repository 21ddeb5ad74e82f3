use kazashi_core::apdu::{CommandApdu, StatusWord};
use rand_core::CryptoRngCore;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha2::{Digest, Sha256};

use super::Card;
use crate::{Contents, PrivateKey};

impl Card {
    /// COMPUTE DIGITAL SIGNATURE in the card's own class (card.md 4.3): P1 says what the data is.
    pub(super) fn compute_digital_signature(
        &mut self,
        command: &CommandApdu,
        random: &mut dyn CryptoRngCore,
    ) -> Result<Vec<u8>, StatusWord> {
        let scheme = Scheme::of_p1(command.p1())?;
        let ef = self.ef_of_p2(command.p2())?;
        let Contents::PrivateKey(key) = self.contents(ef)? else {
            return Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE);
        };
        self.demand_access(ef)?;
        let room = usize::try_from(command.ne()).unwrap_or(usize::MAX);
        if command.data().is_empty() || room < PrivateKey::SIGNATURE_LENGTH {
            return Err(StatusWord::WRONG_LENGTH);
        }
        if !scheme.accepts(command.data().len()) {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        scheme.sign(key.rsa(), command.data(), random).map_err(|_| StatusWord::UNKNOWN)
    }
}

/// What P1 asks for.
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
