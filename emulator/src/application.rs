//! The applications of the card, and what each demands before it opens a file or uses a key.

use serde::{Deserialize, Serialize};

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
}

/// When a file may be read or a key used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Always.
    Free,
    /// Once one of these PINs of the same application was verified; never, if there is none.
    AfterAnyOf(&'static [u16]),
}

impl Application {
    /// All of them, in the order in which a partial name finds them.
    pub(crate) const ALL: [Self; 2] = [Self::Jpki, Self::Common];

    /// The name by which SELECT finds the application.
    #[must_use]
    pub fn aid(self) -> &'static [u8] {
        match self {
            Self::Jpki => &jpki::AID,
            Self::Common => &common::AID,
        }
    }

    /// What its table in `card.toml` and the folder of its files are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpki => "jpki",
            Self::Common => "common",
        }
    }

    pub(crate) fn access(self, id: u16) -> Access {
        match self {
            Self::Jpki => jpki::access(id),
            // What is known of it is free.
            Self::Common => Access::Free,
        }
    }

    /// Whether the value may become that of the PIN in this EF.
    pub(crate) fn accepts_new_pin(self, id: u16, value: &[u8]) -> bool {
        match self {
            Self::Jpki => jpki::accepts_new_pin(id, value),
            // It changes its PIN by a command of its own.
            Self::Common => false,
        }
    }
}
