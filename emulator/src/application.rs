//! The applications of the card, and what each demands before it opens a file or uses a key.

use serde::{Deserialize, Serialize};

use crate::Ef;

mod card_information;
mod card_surface;
mod common;
mod jpki;

/// An application of the card (card.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Application {
    /// 公的個人認証AP: the certificates and keys of the Japanese Public Key Infrastructure.
    Jpki,
    /// 共通カードAP: who issued the card, and its number.
    Common,
    /// 券面事項確認AP: the card surface, as records that its issuer signed.
    CardSurface,
    /// 券面事項入力補助AP: what is printed on the card, as text.
    #[serde(rename = "card-info")]
    CardInformation,
}

/// When a file may be read or a key used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Always.
    Free,
    /// Once one of these PINs of the same application was verified; never, if there is none.
    AfterAnyOf(&'static [u16]),
    /// Once this PIN of the same application was verified; and one signature without it, if a
    /// terminal asked for just that (card.md 6.1).
    AfterPinOrTerminal(u16),
}

impl Application {
    /// All of them, in the order in which a partial name finds them.
    pub(crate) const ALL: [Self; 4] =
        [Self::Jpki, Self::Common, Self::CardSurface, Self::CardInformation];

    /// The name by which SELECT finds the application.
    #[must_use]
    pub fn aid(self) -> &'static [u8] {
        match self {
            Self::Jpki => &jpki::AID,
            Self::Common => &common::AID,
            Self::CardSurface => &card_surface::AID,
            Self::CardInformation => &card_information::AID,
        }
    }

    /// The name of its table in `card.toml`, and of the folder of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpki => "jpki",
            Self::Common => "common",
            Self::CardSurface => "card-surface",
            Self::CardInformation => "card-info",
        }
    }

    pub(crate) fn access(self, id: u16) -> Access {
        match self {
            Self::Jpki => jpki::access(id),
            // What is known of it is free.
            Self::Common => Access::Free,
            Self::CardSurface => card_surface::access(id),
            Self::CardInformation => card_information::access(id),
        }
    }

    /// The key that COMPUTE DIGITAL SIGNATURE takes where it names none (card.md 4.3).
    pub(crate) fn default_key(self) -> Option<Ef> {
        let key = |id| Some(Ef { application: self, id });
        match self {
            Self::CardSurface => key(card_surface::KEY),
            Self::CardInformation => key(card_information::KEY),
            Self::Jpki | Self::Common => None,
        }
    }

    /// Whether the value may become that of the PIN in this EF.
    pub(crate) fn accepts_new_pin(self, id: u16, value: &[u8]) -> bool {
        match self {
            Self::Jpki => jpki::accepts_new_pin(id, value),
            // It changes its PIN by a command of its own.
            Self::Common => false,
            // What is printed on the card does not change.
            Self::CardSurface => false,
            Self::CardInformation => card_information::accepts_new_pin(id, value),
        }
    }
}
