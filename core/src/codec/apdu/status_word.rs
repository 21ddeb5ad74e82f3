use std::fmt;

/// SW1-SW2, the two bytes that end every response (ISO/IEC 7816-4:2020, 5.6).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with a name")]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Normal processing.
    pub const OK: Self = Self(0x9000);
    /// Wrong length, no further indication.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// The card knows the logical channel 0 only.
    pub const LOGICAL_CHANNEL_NOT_SUPPORTED: Self = Self(0x6881);
    /// The command does not fit the structure of the current file.
    pub const INCOMPATIBLE_FILE_STRUCTURE: Self = Self(0x6981);
    /// What must be presented first was not presented.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// Authentication method blocked, as ISO has it.
    pub const AUTHENTICATION_METHOD_BLOCKED: Self = Self(0x6983);
    /// Referenced key blocked: what this card answers to VERIFY (card.md 3.6).
    pub const REFERENCE_DATA_NOT_USABLE: Self = Self(0x6984);
    /// Conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// Command not allowed: there is no current EF.
    pub const NO_CURRENT_EF: Self = Self(0x6986);
    /// Wrong data field.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// File or application not found.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// Wrong parameters P1-P2.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// Referenced data not found.
    pub const REFERENCED_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// Offset outside the EF.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// Instruction not supported.
    pub const INS_NOT_SUPPORTED: Self = Self(0x6D00);
    /// Class not supported.
    pub const CLA_NOT_SUPPORTED: Self = Self(0x6E00);
    /// No precise diagnosis.
    pub const UNKNOWN: Self = Self(0x6F00);

    /// `63CX`: a counter, which after VERIFY is the number of tries left.
    #[must_use]
    pub fn with_retries_left(retries: u8) -> Self {
        Self(0x63C0 | u16::from(retries & 0x0F))
    }

    /// The X of `63CX`.
    #[must_use]
    pub fn retries_left(self) -> Option<u8> {
        let [sw1, sw2] = self.to_bytes();
        (sw1 == 0x63 && sw2 & 0xF0 == 0xC0).then_some(sw2 & 0x0F)
    }

    /// `6983` or `6984`: the key is blocked. ISO says the first, the card the second (card.md 3.6).
    #[must_use]
    pub fn is_blocked(self) -> bool {
        self == Self::AUTHENTICATION_METHOD_BLOCKED || self == Self::REFERENCE_DATA_NOT_USABLE
    }

    /// `62XX` and `63XX`: the command was performed, and the card has a remark, such as `6282` where a
    /// file ends before Ne (ISO/IEC 7816-4:2020, 5.6, table 6).
    #[must_use]
    pub fn is_warning(self) -> bool {
        let [sw1, _] = self.to_bytes();
        matches!(sw1, 0x62 | 0x63)
    }

    /// `64XX`, `65XX`, `66XX` and `6FXX`: something went wrong, and what became of the card's state is
    /// anyone's guess.
    #[must_use]
    pub fn is_fault(self) -> bool {
        let [sw1, _] = self.to_bytes();
        matches!(sw1, 0x64..=0x66 | 0x6F)
    }

    /// `61XX`: the number of bytes that GET RESPONSE can still fetch, 1 to 256.
    #[must_use]
    pub fn bytes_left(self) -> Option<u32> {
        match self.to_bytes() {
            [0x61, left] => Some(ne_of(left)),
            _ => None,
        }
    }

    /// `6CXX`: the Ne with which the same command would succeed, 1 to 256.
    #[must_use]
    pub fn corrected_ne(self) -> Option<u32> {
        match self.to_bytes() {
            [0x6C, ne] => Some(ne_of(ne)),
            _ => None,
        }
    }

    /// SW1 and SW2.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

fn ne_of(byte: u8) -> u32 {
    if byte == 0 { 256 } else { u32::from(byte) }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
