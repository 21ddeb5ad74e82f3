//! Issuing: certificates in the shape of JPKI's test hierarchy (card.md 5.1 and 5.2), CV
//! certificates for card surfaces and terminals (card.md 4.8), and the cards that hold and trust
//! them. The keys are throw-away, and no person of these names exists.

use rand_core::CryptoRngCore;
use rsa::RsaPrivateKey;
use thiserror::Error;
use x509_cert::der::DateTime;
use x509_cert::{der, spki};

use crate::{Application, Contents, Ef, Image, ImageError, Pin, PrivateKey, PublicKey, Variant};

mod authority;
mod contents;
mod cv_certificate;

pub use authority::{Authority, DIGITAL_SIGNATURE_POLICY, EndEntity, USER_AUTHENTICATION_POLICY};
pub use cv_certificate::{CvKey, KeyIdentifier};

/// What a card is issued by: the two authorities of JPKI, and the keys behind its CV certificates.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a card needs these")]
pub struct Hierarchy {
    /// Issues user authentication certificates.
    pub user_authentication: Authority,
    /// Issues digital signature certificates.
    pub digital_signature: Authority,
    /// Certifies those who sign what is on card surfaces.
    pub card_surface: CvKey,
    /// Signs what is on card surfaces.
    pub card_surface_records: CvKey,
    /// Certifies for terminals; the card trusts it.
    pub terminal: CvKey,
}

/// A person that cards are issued to.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// Tells the serial numbers and names in the certificates of one person from another's.
    number: u8,
    name: &'static str,
    /// The first digit is the era: 3 is Shōwa, 4 is Heisei.
    birth_date: &'static str,
    /// As the card surface compares it, with the year of the era.
    birth_date_of_era: &'static str,
    sex: &'static str,
    address: &'static str,
}

/// The private keys of a card.
#[derive(Clone, Debug)]
pub struct CardKeys {
    user_authentication: PrivateKey,
    digital_signature: PrivateKey,
    card_surface: PrivateKey,
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
    /// A private key cannot be encoded.
    #[error("the private key cannot be encoded")]
    PrivateKey,
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
            card_surface: CvKey::generate(KeyIdentifier::CARD_SURFACE_AUTHORITY, random)?,
            card_surface_records: CvKey::generate(KeyIdentifier::CARD_SURFACE_RECORDS, random)?,
            terminal: CvKey::generate(KeyIdentifier::TERMINAL_AUTHORITY, random)?,
        })
    }

    /// Issues a card: its certificates, and what else is on a card of this variant. PIN `1234`,
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
            .with(jpki(0x0016), self.terminal_authority()?)
            .with(jpki(0x0017), keys.user_authentication.clone().into())
            .with(jpki(0x0018), pin.into())
            .with(jpki(0x001B), password.into());
        let image = self.with_card_surface(image, holder, &keys.card_surface)?;
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

    fn terminal_authority(&self) -> Result<Contents, IssueError> {
        let key = self.terminal.public_key();
        Ok(PublicKey::new("keys/terminal-authority.pem", key)?.into())
    }

    /// The card surface application. The holder does not choose its PIN, so it is always set.
    fn with_card_surface(
        &self,
        image: Image,
        holder: &Holder,
        key: &PrivateKey,
    ) -> Result<Image, IssueError> {
        let ef = |id| Ef { application: Application::CardSurface, id };
        // How many tries there are at most is not public.
        let retries_max = 10;
        let retries_left = if image.variant() == Variant::Blocked { 0 } else { retries_max };
        let birth_date =
            Pin::with_retries_left(holder.birth_date_of_era, retries_left, retries_max)?;
        let age_record = contents::age_record(holder, key, &self.card_surface_records);
        let cv_certificate = self.card_surface.certify(&self.card_surface_records);
        Ok(image
            .with(ef(0x0001), age_record)
            .with(ef(0x0003), contents::card_surface_information())
            .with(ef(0x0004), Contents::Transparent(cv_certificate))
            .with(ef(0x0011), birth_date.into())
            .with(ef(0x001A), key.clone().into()))
    }
}

impl Holder {
    /// The holder of the checked-in cards.
    pub const HANAKO: Self = Self {
        number: 1,
        name: "架空　花子",
        birth_date: "319800217",
        birth_date_of_era: "550217",
        sex: "2",
        address: "東京都清瀬市架空一丁目２番地３",
    };

    /// The holder of the card that is another person's.
    pub const TARO: Self = Self {
        number: 2,
        name: "架空　太郎",
        birth_date: "419950217",
        birth_date_of_era: "070217",
        sex: "1",
        address: "東京都清瀬市架空四丁目５番地６",
    };
}

impl CardKeys {
    /// Keys that there are already, of 2048 bits.
    pub fn new(
        user_authentication: RsaPrivateKey,
        digital_signature: RsaPrivateKey,
        card_surface: RsaPrivateKey,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            user_authentication: PrivateKey::new(
                "keys/user-authentication.pem",
                user_authentication,
            )?,
            digital_signature: PrivateKey::new("keys/digital-signature.pem", digital_signature)?,
            card_surface: PrivateKey::new("keys/card-surface.pem", card_surface)?,
        })
    }

    /// New keys.
    pub fn generate(random: &mut dyn CryptoRngCore) -> Result<Self, IssueError> {
        let [first, second, third] = [(); 3].map(|()| generate_key(random));
        Ok(Self::new(first?, second?, third?)?)
    }
}

fn generate_key(random: &mut dyn CryptoRngCore) -> Result<RsaPrivateKey, IssueError> {
    RsaPrivateKey::new(random, 8 * PrivateKey::SIGNATURE_LENGTH).map_err(|_| IssueError::NoKey)
}

fn jpki(id: u16) -> Ef {
    Ef { application: Application::Jpki, id }
}
