//! Issuing: certificates in the shape of JPKI's test hierarchy (card.md 5.1 and 5.2), CV
//! certificates for card surfaces, card information and terminals (card.md 4.8), and the cards that
//! hold and trust them. The keys are throw-away, and no person of these names exists.

use rand_core::CryptoRngCore;
use rsa::RsaPrivateKey;
use thiserror::Error;
use x509_cert::der::{self, DateTime};
use x509_cert::spki;

use crate::{Application, Contents, Ef, Image, ImageError, Pin, PrivateKey, PublicKey, Variant};

mod authority;
mod contents;
mod cv_certificate;
mod holder;
pub mod key_identifier;

pub use authority::{Authority, DIGITAL_SIGNATURE_POLICY, EndEntity, USER_AUTHENTICATION_POLICY};
pub use cv_certificate::CvKey;
pub use holder::Holder;

/// Issuers of a card: the two authorities of JPKI, and the keys behind its CV certificates.
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
    /// Certifies those who sign what cards say of their holders as text.
    pub card_information: CvKey,
    /// Signs what cards say of their holders as text.
    pub card_information_records: CvKey,
    /// Certifies for terminals; the card trusts it.
    pub terminal: CvKey,
}

/// The private keys of a card.
#[derive(Clone, Debug)]
pub struct CardKeys {
    user_authentication: PrivateKey,
    digital_signature: PrivateKey,
    card_surface: PrivateKey,
    card_information: PrivateKey,
}

/// Reason why something cannot be issued.
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
            card_surface: CvKey::generate(key_identifier::CARD_SURFACE_AUTHORITY, random)?,
            card_surface_records: CvKey::generate(key_identifier::CARD_SURFACE_RECORDS, random)?,
            card_information: CvKey::generate(key_identifier::CARD_INFORMATION_AUTHORITY, random)?,
            card_information_records: CvKey::generate(
                key_identifier::CARD_INFORMATION_RECORDS,
                random,
            )?,
            terminal: CvKey::generate(key_identifier::TERMINAL_AUTHORITY, random)?,
        })
    }

    /// Issues a card: its certificates, and what else is on a card of this variant. PIN `1234`
    /// for authentication and for card information, password `ABC123`.
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
        let expiry = contents::expiry(variant);
        let common = Ef { application: Application::Common, id: 0x0001 };
        let image = contents::data_objects(holder, expiry)
            .into_iter()
            .fold(Image::empty(variant), |image, (tag, object)| image.with_data_object(tag, object))
            .with(common, contents::common_record(holder, expiry))
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
            .with(jpki(0x0018), chosen(variant, "1234", 3)?.into())
            .with(jpki(0x001B), chosen(variant, "ABC123", 5)?.into());
        let image = self.with_card_surface(image, holder, &keys.card_surface)?;
        let image = self.with_card_information(image, holder, &keys.card_information)?;
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

    /// The card surface application. The holder chooses none of its PINs, so they are always set.
    fn with_card_surface(
        &self,
        image: Image,
        holder: &Holder,
        key: &PrivateKey,
    ) -> Result<Image, IssueError> {
        let ef = |id| Ef { application: Application::CardSurface, id };
        let (variant, records) = (image.variant(), &self.card_surface_records);
        let expiry = contents::expiry(variant);
        // How many tries there are at most for a date of birth is not public.
        let birth_date = printed(variant, &holder.birth_date.of_era())?;
        let face = contents::card_surface::card_face(holder, expiry, key, records)?;
        let number = contents::card_surface::individual_number_image(holder, key, records);
        Ok(image
            .with(ef(0x0001), contents::card_surface::age_record(holder, key, records))
            .with(ef(0x0002), face)
            .with(ef(0x0003), contents::card_surface::information())
            .with(ef(0x0004), Contents::Transparent(self.card_surface.certify(records)))
            .with(ef(0x0005), number)
            .with(ef(0x0006), contents::unknown())
            .with(ef(0x0011), birth_date.into())
            .with(ef(0x0012), printed(variant, &holder.verification_number_b(expiry))?.into())
            .with(ef(0x0013), printed(variant, holder.individual_number)?.into())
            .with(ef(0x001A), key.clone().into()))
    }

    /// The card information input support application. Its PIN is the holder's to choose.
    fn with_card_information(
        &self,
        image: Image,
        holder: &Holder,
        key: &PrivateKey,
    ) -> Result<Image, IssueError> {
        let ef = |id| Ef { application: Application::CardInformation, id };
        let (variant, records) = (image.variant(), &self.card_information_records);
        let number_b = holder.verification_number_b(contents::expiry(variant));
        let [number, attributes, integrity] =
            contents::card_information::attributes(holder, records);
        Ok(image
            .with(ef(0x0001), number)
            .with(ef(0x0002), attributes)
            .with(ef(0x0003), integrity)
            .with(ef(0x0004), Contents::Transparent(self.card_information.certify(records)))
            .with(ef(0x0005), contents::card_information::information())
            .with(ef(0x0007), contents::card_information::public_key(key, records))
            .with(ef(0x0008), contents::unknown())
            .with(ef(0x0011), chosen(variant, "1234", 3)?.into())
            // As cards are issued; for what is not public, nor how many tries there would be.
            .with(ef(0x0012), Pin::without_value(0, 3)?.into())
            .with(ef(0x0013), key.clone().into())
            .with(ef(0x0014), printed(variant, holder.individual_number)?.into())
            .with(ef(0x0015), printed(variant, &number_b)?.into()))
    }
}

/// A PIN that a holder chooses.
fn chosen(variant: Variant, value: &str, retries_max: u8) -> Result<Pin, ImageError> {
    match variant {
        Variant::Blocked => Pin::with_retries_left(value, 0, retries_max),
        Variant::WithoutPins => Pin::without_value(0, retries_max),
        _ => Pin::new(value, retries_max),
    }
}

/// One that follows from what is printed on the card (照合番号 and 生年月日), with ten tries.
fn printed(variant: Variant, value: &str) -> Result<Pin, ImageError> {
    match variant {
        Variant::Blocked => Pin::with_retries_left(value, 0, 10),
        _ => Pin::new(value, 10),
    }
}

impl CardKeys {
    /// Keys that there are already, of 2048 bits.
    pub fn new(
        user_authentication: RsaPrivateKey,
        digital_signature: RsaPrivateKey,
        card_surface: RsaPrivateKey,
        card_information: RsaPrivateKey,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            user_authentication: PrivateKey::new(
                "keys/user-authentication.pem",
                user_authentication,
            )?,
            digital_signature: PrivateKey::new("keys/digital-signature.pem", digital_signature)?,
            card_surface: PrivateKey::new("keys/card-surface.pem", card_surface)?,
            card_information: PrivateKey::new("keys/card-info.pem", card_information)?,
        })
    }

    /// New keys for authentication and for the card surface, by which one card is told from another.
    /// The other two stay the same: new keys take their time.
    pub fn for_another_card(&self, random: &mut dyn CryptoRngCore) -> Result<Self, IssueError> {
        Ok(Self::new(
            generate_key(random)?,
            self.digital_signature.rsa().clone(),
            generate_key(random)?,
            self.card_information.rsa().clone(),
        )?)
    }

    /// New keys.
    pub fn generate(random: &mut dyn CryptoRngCore) -> Result<Self, IssueError> {
        let [first, second, third, fourth] = [(); 4].map(|()| generate_key(random));
        Ok(Self::new(first?, second?, third?, fourth?)?)
    }
}

fn generate_key(random: &mut dyn CryptoRngCore) -> Result<RsaPrivateKey, IssueError> {
    RsaPrivateKey::new(random, 8 * PrivateKey::SIGNATURE_LENGTH).map_err(|_| IssueError::NoKey)
}

fn jpki(id: u16) -> Ef {
    Ef { application: Application::Jpki, id }
}
