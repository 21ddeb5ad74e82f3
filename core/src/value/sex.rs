use serde::{Deserialize, Serialize};

/// Sex, as the residents' register has it. The records on the card follow JIS X 0303.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the standard knows these four")]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// 不明.
    Unknown,
    /// 適用不能. No certificate says so.
    NotApplicable,
}

impl Sex {
    /// Reads the one digit that a record on the card has. `3` is what certificates write for
    /// unknown; one source has seen it in records (card.md 3.2).
    #[must_use]
    pub fn from_record(value: &[u8]) -> Option<Self> {
        match value {
            b"1" => Some(Self::Male),
            b"2" => Some(Self::Female),
            b"0" | b"3" => Some(Self::Unknown),
            b"9" => Some(Self::NotApplicable),
            _ => None,
        }
    }
}
