use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Kind of card that an image is. All but one belong to the same person, with the same keys.
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
    /// one, see [`Pin`](super::Pin).
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

    /// Its name in `card.toml` and on the command line.
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
