//! Issuing: certificates in the shape of JPKI's test hierarchy (card.md 5.1 and 5.2), and the cards
//! that hold them. The keys are throw-away, and no person of these names exists.

use rand_core::CryptoRngCore;
use rsa::RsaPrivateKey;
use thiserror::Error;
use x509_cert::der::DateTime;
use x509_cert::{der, spki};

use crate::{Application, Ef, Image, ImageError, Pin, PrivateKey, Variant};

mod authority;
mod contents;

pub use authority::{Authority, DIGITAL_SIGNATURE_POLICY, EndEntity, USER_AUTHENTICATION_POLICY};

/// The two authorities of JPKI: what a card of the hierarchy is issued by.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "JPKI has these two")]
pub struct Hierarchy {
    /// Issues user authentication certificates.
    pub user_authentication: Authority,
    /// Issues digital signature certificates.
    pub digital_signature: Authority,
}

/// A person that cards are issued to.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// Tells the serial numbers and names in the certificates of one person from another's.
    number: u8,
    name: &'static str,
    /// The first digit is the era: 3 is Shōwa, 4 is Heisei.
    birth_date: &'static str,
    sex: &'static str,
    address: &'static str,
}

/// The private keys of a card.
#[derive(Clone, Debug)]
pub struct CardKeys {
    user_authentication: PrivateKey,
    digital_signature: PrivateKey,
}

/// Why something cannot be issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A certificate cannot be encoded.
    #[error("the certificate cannot be encoded: {0}")]
    Certificate(#[from] der::Error),
    /// A public key cannot be encoded.
    #[error("the public key cannot be encoded: {0}")]
    PublicKey(#[from] spki::Error),
    /// A certificate is larger than its file on the card.
    #[error("the certificate is larger than its file on the card")]
    TooLarge,
    /// The key generator gave up.
    #[error("no key could be generated")]
    NoKey,
    /// The contents do not make an image.
    #[error(transparent)]
    Image(#[from] ImageError),
}

impl Hierarchy {
    /// A hierarchy of new keys.
    pub fn generate(random: &mut dyn CryptoRngCore) -> Result<Self, IssueError> {
        Ok(Self {
            user_authentication: Authority::user_authentication(generate_key(random)?)?,
            digital_signature: Authority::digital_signature(generate_key(random)?)?,
        })
    }

    /// Issues a card: both certificates, and what else is on a card of this variant. PIN `1234`,
    /// password `ABC123`.
    pub fn card(
        &self,
        variant: Variant,
        holder: &Holder,
        keys: &CardKeys,
    ) -> Result<Image, IssueError> {
        let mut user_authentication =
            EndEntity::user_authentication(holder, keys.user_authentication.rsa())?;
        let mut digital_signature =
            EndEntity::digital_signature(holder, keys.digital_signature.rsa())?;
        if variant == Variant::Expired {
            user_authentication.not_after = DateTime::new(2025, 4, 30, 14, 59, 59)?;
            digital_signature.not_after = user_authentication.not_after;
        }
        let (pin, password) = match variant {
            Variant::Blocked => {
                (Pin::with_retries_left("1234", 0, 3)?, Pin::with_retries_left("ABC123", 0, 5)?)
            }
            Variant::WithoutPins => (Pin::without_value(0, 3)?, Pin::without_value(0, 5)?),
            _ => (Pin::new("1234", 3)?, Pin::new("ABC123", 5)?),
        };

        let common = Ef { application: Application::Common, id: 0x0001 };
        let image = contents::data_objects(holder)
            .into_iter()
            .fold(Image::empty(variant), |image, (tag, object)| image.with_data_object(tag, object))
            .with(common, contents::common_record(holder))
            .with(jpki(0x0002), contents::certificate(&self.digital_signature.certificate()?)?)
            .with(jpki(0x0006), contents::token_information())
            .with(jpki(0x0009), contents::unknown())
            .with(
                jpki(0x000A),
                contents::certificate(&self.user_authentication.issue(&user_authentication)?)?,
            )
            .with(jpki(0x000B), contents::certificate(&self.user_authentication.certificate()?)?)
            .with(jpki(0x0017), keys.user_authentication.clone().into())
            .with(jpki(0x0018), pin.into())
            .with(jpki(0x001B), password.into());
        if matches!(variant, Variant::WithoutPins | Variant::WithoutSignatureCertificate) {
            // What the files of a certificate that was not issued hold is not public.
            return Ok(image
                .with(jpki(0x0001), contents::digital_signature_certificate(&[])?)
                .with(jpki(0x0008), contents::availability(false)));
        }
        let certificate = self.digital_signature.issue(&digital_signature)?;
        Ok(image
            .with(jpki(0x0001), contents::digital_signature_certificate(&certificate)?)
            .with(jpki(0x0008), contents::availability(true))
            .with(jpki(0x001A), keys.digital_signature.clone().into()))
    }
}

impl Holder {
    /// The holder of the checked-in cards.
    pub const HANAKO: Self = Self {
        number: 1,
        name: "架空　花子",
        birth_date: "319800217",
        sex: "2",
        address: "東京都清瀬市架空一丁目２番地３",
    };

    /// The holder of the card that is another person's.
    pub const TARO: Self = Self {
        number: 2,
        name: "架空　太郎",
        birth_date: "419950217",
        sex: "1",
        address: "東京都清瀬市架空四丁目５番地６",
    };
}

impl CardKeys {
    /// Keys that there are already, of 2048 bits.
    pub fn new(
        user_authentication: RsaPrivateKey,
        digital_signature: RsaPrivateKey,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            user_authentication: PrivateKey::new(
                "keys/user-authentication.pem",
                user_authentication,
            )?,
            digital_signature: PrivateKey::new("keys/digital-signature.pem", digital_signature)?,
        })
    }

    /// New keys.
    pub fn generate(random: &mut dyn CryptoRngCore) -> Result<Self, IssueError> {
        Ok(Self::new(generate_key(random)?, generate_key(random)?)?)
    }
}

fn generate_key(random: &mut dyn CryptoRngCore) -> Result<RsaPrivateKey, IssueError> {
    RsaPrivateKey::new(random, 8 * PrivateKey::SIGNATURE_LENGTH).map_err(|_| IssueError::NoKey)
}

fn jpki(id: u16) -> Ef {
    Ef { application: Application::Jpki, id }
}
