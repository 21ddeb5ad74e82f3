//! What is on a card.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::{fmt, io};

use rsa::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::Application;

mod embedded;
pub(crate) mod files;

/// The contents of a card: its ATR, elementary files, keys, and PINs with their retry counters.
///
/// The keys of an image are throw-away; a key that matters does not belong in software like this.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    variant: Variant,
    atr: Vec<u8>,
    data_objects: BTreeMap<u16, Vec<u8>>,
    files: BTreeMap<Ef, Contents>,
    /// Key files that `card.toml` names, but that are not there: named again when it is saved.
    missing_keys: BTreeMap<Ef, String>,
}

/// What kind of card an image is. All but one belong to the same person, with the same keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum Variant {
    /// Both certificates are on it, and both PINs are set.
    #[default]
    Normal,
    /// The same of another person.
    AnotherPerson,
    /// 顔認証マイナンバーカード: the PINs that a holder chooses were never set, so there is no digital
    /// signature certificate on it. How it answers to the query is not public; here as a blocked
    /// one, see [`Pin`].
    WithoutPins,
    /// All its PINs have no tries left.
    Blocked,
    /// There is no digital signature certificate on it, as for a child.
    WithoutSignatureCertificate,
    /// Neither the card nor its user certificates are valid any more.
    Expired,
    /// Its certificates come from authorities of the right names with other keys, and it trusts
    /// terminals of another such authority.
    ForeignRoot,
    /// It knows neither extended length fields nor short EF identifiers.
    Short,
}

/// No variant has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no variant of the card has this name")]
#[non_exhaustive]
pub struct UnknownVariant;

/// An elementary file, named by its application and its identifier, `0001` to `001E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a name of two parts")]
pub struct Ef {
    /// The application that it belongs to.
    pub application: Application,
    /// Its identifier, which is also its short identifier.
    pub id: u16,
}

/// What an elementary file holds.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contents {
    /// Bytes that READ BINARY gives out, filler included.
    Transparent(Vec<u8>),
    /// Records by their numbers, for READ RECORD.
    Records(BTreeMap<u8, Vec<u8>>),
    /// A key for COMPUTE DIGITAL SIGNATURE.
    PrivateKey(PrivateKey),
    /// The key that certificates of terminals are verified with (card.md 6.1). No command reads it.
    PublicKey(PublicKey),
    /// A PIN or password for VERIFY.
    Pin(Pin),
}

/// An RSA private key. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    path: String,
    rsa: Box<RsaPrivateKey>,
}

/// An RSA public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    path: String,
    rsa: RsaPublicKey,
}

/// A PIN or password with its retry counter. One that was never set has no tries left: this is what
/// the card answers for a key reference that it was issued with unused (card.md 3.2, EF 0012), so a
/// PIN that was never set cannot be told from a blocked one. `Debug` shows the counter only.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin {
    /// None, if it was never set or is not known.
    value: Option<Zeroizing<String>>,
    retries_left: u8,
    retries_max: u8,
}

/// Why an image cannot be read, written or made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which one.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// `card.toml` is not TOML, or not of this shape.
    #[error("card.toml: {reason}")]
    CardToml {
        /// What is wrong where, without the values that stand there.
        reason: String,
    },
    /// The ATR is not 2 to 33 bytes in hexadecimal (ISO/IEC 7816-3:2006, 8.2).
    #[error("card.toml: the ATR is not 2 to 33 bytes in hexadecimal")]
    Atr,
    /// An EF identifier is not four hexadecimal digits from 0001 to 001E.
    #[error("{name}: not the identifier of an elementary file, 0001 to 001E")]
    EfIdentifier {
        /// What stands in its place.
        name: String,
    },
    /// A data object is not four hexadecimal digits and bytes in hexadecimal.
    #[error("{tag}: not a data object of four hexadecimal digits and bytes in hexadecimal")]
    DataObject {
        /// What stands in place of the tag.
        tag: String,
    },
    /// A record number is not 1 to 254.
    #[error("{path}: not a record from 1 to 254")]
    RecordNumber {
        /// The file.
        path: String,
    },
    /// Two files claim the same identifier.
    #[error("{ef}: two files of this identifier")]
    Twice {
        /// The identifier.
        ef: Ef,
    },
    /// A PIN is not 1 to 16 characters of ASCII.
    #[error("the PIN is not 1 to 16 characters of ASCII")]
    PinValue,
    /// A retry counter is above its maximum, or the maximum is not 1 to 15.
    #[error("the retry counter is above its maximum, or the maximum is not 1 to 15")]
    RetryCounter,
    /// `card.toml`, or a public key that it names, is not there.
    #[error("{path}: no such file in the image")]
    Missing {
        /// The file.
        path: String,
    },
    /// A key file holds no RSA key of 2048 bits: a private one in PKCS #8 PEM, or a public one in
    /// SubjectPublicKeyInfo PEM.
    #[error("{path}: not an RSA key of 2048 bits in PKCS #8 or SubjectPublicKeyInfo PEM")]
    Key {
        /// The file.
        path: String,
    },
}

impl Image {
    /// The contact ATR of the card: T=1, no historical bytes (card.md 1.1).
    pub const CONTACT_ATR: [u8; 9] = [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];

    /// A card with nothing on it.
    #[must_use]
    pub fn empty(variant: Variant) -> Self {
        Self {
            variant,
            atr: Self::CONTACT_ATR.to_vec(),
            data_objects: BTreeMap::new(),
            files: BTreeMap::new(),
            missing_keys: BTreeMap::new(),
        }
    }

    /// The checked-in card of [`Variant::Normal`]: PIN `1234` for authentication and for card
    /// information, password `ABC123`, date of birth `550217`, verification numbers B
    /// `55021720352285` and A `123456789018`.
    #[must_use]
    pub fn normal() -> Self {
        Self::of(Variant::Normal)
    }

    /// The checked-in card of this variant: what opens [`Image::normal`], as far as it is set.
    /// Another person's date of birth is `070217`, with verification numbers B `07021720357491` and
    /// A `111111111118`; the expired card's verification number B is `55021720252285`.
    #[must_use]
    pub fn of(variant: Variant) -> Self {
        Self::from_files(&embedded::files(variant)).expect("a test reads the checked-in images")
    }

    /// The same card with one more elementary file.
    #[must_use]
    pub fn with(mut self, ef: Ef, contents: Contents) -> Self {
        self.files.insert(ef, contents);
        self
    }

    /// The same card with one more data object for GET DATA.
    #[must_use]
    pub fn with_data_object(mut self, tag: u16, object: impl Into<Vec<u8>>) -> Self {
        self.data_objects.insert(tag, object.into());
        self
    }

    /// What kind of card this is.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The answer to reset.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// What GET DATA gives for this tag while no application is selected.
    #[must_use]
    pub fn data_object(&self, tag: u16) -> Option<&[u8]> {
        self.data_objects.get(&tag).map(Vec::as_slice)
    }

    /// What an elementary file holds.
    #[must_use]
    pub fn contents(&self, ef: Ef) -> Option<&Contents> {
        self.files.get(&ef)
    }

    /// The PINs and passwords, in the order of their files.
    pub fn pins(&self) -> impl Iterator<Item = (Ef, &Pin)> {
        self.files.iter().filter_map(|(ef, contents)| match contents {
            Contents::Pin(pin) => Some((*ef, pin)),
            _ => None,
        })
    }

    /// The keys that the card is without because their files are not there, as in an image made
    /// from a dump: a card gives no private key away.
    pub fn missing_keys(&self) -> impl Iterator<Item = (Ef, &str)> {
        self.missing_keys.iter().map(|(ef, path)| (*ef, path.as_str()))
    }

    pub(crate) fn has(&self, application: Application) -> bool {
        self.files.keys().any(|ef| ef.application == application)
    }

    pub(crate) fn contents_mut(&mut self, ef: Ef) -> Option<&mut Contents> {
        self.files.get_mut(&ef)
    }
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::AnotherPerson,
        Self::WithoutPins,
        Self::Blocked,
        Self::WithoutSignatureCertificate,
        Self::Expired,
        Self::ForeignRoot,
        Self::Short,
    ];

    /// What it is called in `card.toml` and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::AnotherPerson => "another-person",
            Self::WithoutPins => "without-pins",
            Self::Blocked => "blocked",
            Self::WithoutSignatureCertificate => "without-signature-certificate",
            Self::Expired => "expired",
            Self::ForeignRoot => "foreign-root",
            Self::Short => "short",
        }
    }
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        Self::ALL.into_iter().find(|variant| variant.name() == name).ok_or(UnknownVariant)
    }
}

impl TryFrom<String> for Variant {
    type Error = UnknownVariant;

    fn try_from(name: String) -> Result<Self, UnknownVariant> {
        name.parse()
    }
}

impl From<Variant> for &'static str {
    fn from(variant: Variant) -> Self {
        variant.name()
    }
}

impl PrivateKey {
    /// Reads a key of 2048 bits. `path` is where an image folder keeps it:
    /// `keys/user-authentication.pem`.
    pub fn from_pkcs8_pem(path: impl Into<String>, pem: &str) -> Result<Self, ImageError> {
        let path = path.into();
        match RsaPrivateKey::from_pkcs8_pem(pem) {
            Ok(rsa) => Self::new(path, rsa),
            Err(_) => Err(ImageError::Key { path }),
        }
    }

    /// Takes a key of 2048 bits, and where an image folder is to keep it.
    pub fn new(path: impl Into<String>, rsa: RsaPrivateKey) -> Result<Self, ImageError> {
        let path = path.into();
        if rsa.size() != Self::SIGNATURE_LENGTH {
            return Err(ImageError::Key { path });
        }
        Ok(Self { path, rsa: Box::new(rsa) })
    }

    /// The length of a signature in bytes; all keys of the card are RSA-2048.
    pub(crate) const SIGNATURE_LENGTH: usize = 256;

    pub(crate) fn rsa(&self) -> &RsaPrivateKey {
        &self.rsa
    }

    fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, ImageError> {
        self.rsa
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| ImageError::Key { path: self.path.clone() })
    }
}

impl PublicKey {
    /// Reads a key of 2048 bits. `path` is where an image folder keeps it:
    /// `keys/terminal-authority.pem`.
    pub fn from_public_key_pem(path: impl Into<String>, pem: &str) -> Result<Self, ImageError> {
        let path = path.into();
        match RsaPublicKey::from_public_key_pem(pem) {
            Ok(rsa) => Self::new(path, rsa),
            Err(_) => Err(ImageError::Key { path }),
        }
    }

    /// Takes a key of 2048 bits, and where an image folder is to keep it.
    pub fn new(path: impl Into<String>, rsa: RsaPublicKey) -> Result<Self, ImageError> {
        let path = path.into();
        if rsa.size() != PrivateKey::SIGNATURE_LENGTH {
            return Err(ImageError::Key { path });
        }
        Ok(Self { path, rsa })
    }

    pub(crate) fn rsa(&self) -> &RsaPublicKey {
        &self.rsa
    }

    fn to_public_key_pem(&self) -> Result<String, ImageError> {
        self.rsa
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| ImageError::Key { path: self.path.clone() })
    }
}

impl Pin {
    /// A PIN with all tries left.
    pub fn new(value: &str, retries_max: u8) -> Result<Self, ImageError> {
        Self::with_retries_left(value, retries_max, retries_max)
    }

    /// A PIN of which some tries are used.
    pub fn with_retries_left(
        value: &str,
        retries_left: u8,
        retries_max: u8,
    ) -> Result<Self, ImageError> {
        if !value.is_ascii() || !(1..=16).contains(&value.len()) {
            return Err(ImageError::PinValue);
        }
        let pin = Self::without_value(retries_left, retries_max)?;
        Ok(Self { value: Some(Zeroizing::new(value.to_owned())), ..pin })
    }

    /// A PIN that nobody can present: it was never set (then there are no tries), or is not known.
    pub fn without_value(retries_left: u8, retries_max: u8) -> Result<Self, ImageError> {
        if retries_left > retries_max || !(1..=15).contains(&retries_max) {
            return Err(ImageError::RetryCounter);
        }
        Ok(Self { value: None, retries_left, retries_max })
    }

    /// The value that VERIFY expects, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_ref().map(|value| value.as_str())
    }

    /// How many tries are left.
    #[must_use]
    pub fn retries_left(&self) -> u8 {
        self.retries_left
    }

    /// How many tries there are after a correct one.
    #[must_use]
    pub fn retries_max(&self) -> u8 {
        self.retries_max
    }

    /// Compares, and keeps the counter. A blocked PIN matches nothing.
    pub(crate) fn present(&mut self, value: &[u8]) -> bool {
        let correct = self.retries_left > 0 && self.value().map(str::as_bytes) == Some(value);
        self.retries_left =
            if correct { self.retries_max } else { self.retries_left.saturating_sub(1) };
        correct
    }

    pub(crate) fn change(&mut self, value: &[u8]) {
        self.value = Some(Zeroizing::new(String::from_utf8_lossy(value).into_owned()));
        self.retries_left = self.retries_max;
    }
}

impl From<PrivateKey> for Contents {
    fn from(key: PrivateKey) -> Self {
        Self::PrivateKey(key)
    }
}

impl From<PublicKey> for Contents {
    fn from(key: PublicKey) -> Self {
        Self::PublicKey(key)
    }
}

impl From<Pin> for Contents {
    fn from(pin: Pin) -> Self {
        Self::Pin(pin)
    }
}

impl fmt::Display for Ef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04X}", self.application.name(), self.id)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("variant", &self.variant)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transparent(bytes) => write!(f, "Transparent({} bytes)", bytes.len()),
            Self::Records(records) => write!(f, "Records({})", records.len()),
            Self::PrivateKey(key) => key.fmt(f),
            Self::PublicKey(key) => key.fmt(f),
            Self::Pin(pin) => pin.fmt(f),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin")
            .field("retries_left", &self.retries_left)
            .field("retries_max", &self.retries_max)
            .finish_non_exhaustive()
    }
}
