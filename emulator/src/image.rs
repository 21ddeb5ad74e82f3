//! Contents of a card.

use std::collections::BTreeMap;
use std::fmt;

use crate::Application;

mod embedded;
mod error;
pub(crate) mod files;
mod key;
mod pin;
mod variant;

pub use error::ImageError;
pub use key::{PrivateKey, PublicKey};
pub use pin::Pin;
pub use variant::{UnknownVariant, Variant};

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

/// An elementary file, named by its application and its identifier, `0001` to `001E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a name of two parts")]
pub struct Ef {
    /// The application that it belongs to.
    pub application: Application,
    /// Its identifier, which is also its short identifier.
    pub id: u16,
}

/// Contents of an elementary file.
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

    /// The kind of card that this is.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The answer to reset.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// The data object that GET DATA gives for this tag while no application is selected.
    #[must_use]
    pub fn data_object(&self, tag: u16) -> Option<&[u8]> {
        self.data_objects.get(&tag).map(Vec::as_slice)
    }

    /// The contents of an elementary file.
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
