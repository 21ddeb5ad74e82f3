use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A command APDU (ISO/IEC 7816-4:2020, 5.2): header, up to 65,535 bytes of data, and how many
/// bytes are expected back.
///
/// `ne` is the *number* of expected bytes, 0 to 65,536. How it is encoded in the Le field, where
/// 256 and 65,536 are written as zero, is known to [`to_bytes`](Self::to_bytes) and
/// [`from_bytes`](Self::from_bytes) alone.
///
/// The data may be a PIN: it is erased on drop, and `Debug` shows header and lengths only.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandApdu {
    header: [u8; 4],
    data: Zeroizing<Vec<u8>>,
    ne: u32,
    length_fields: LengthFields,
}

/// The two forms of the Lc and Le fields: one byte each, or two bytes each behind a leading zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "ISO/IEC 7816-4 knows two forms")]
pub enum LengthFields {
    /// Nc at most 255, Ne at most 256.
    Short,
    /// Nc at most 65,535, Ne at most 65,536.
    Extended,
}

/// Why bytes are no command APDU, or a command APDU cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MalformedCommand {
    /// Fewer than the four bytes of the header.
    #[error("a command APDU has at least the four bytes of its header")]
    TooShort,
    /// The Lc field and the number of bytes that follow disagree.
    #[error("the length fields do not fit the number of bytes")]
    WrongLength,
    /// More than 65,535 bytes of data, or more than 65,536 bytes expected.
    #[error("at most 65535 bytes can be sent and 65536 expected")]
    TooLong,
}

impl CommandApdu {
    /// The most data that short length fields can announce.
    pub const MAX_SHORT_NC: usize = 255;
    /// The most expected bytes that short length fields can announce.
    pub const MAX_SHORT_NE: u32 = 256;
    /// The most expected bytes that extended length fields can announce.
    pub const MAX_EXTENDED_NE: u32 = 65_536;

    /// A command without data that expects none (case 1).
    #[must_use]
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            header: [cla, ins, p1, p2],
            data: Zeroizing::default(),
            ne: 0,
            length_fields: LengthFields::Short,
        }
    }

    /// The same command with this data field. Longer than 255 bytes makes the length fields
    /// extended.
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Result<Self, MalformedCommand> {
        self.data = Zeroizing::new(data.into());
        if self.data.len() > usize::from(u16::MAX) {
            return Err(MalformedCommand::TooLong);
        }
        if self.data.len() > Self::MAX_SHORT_NC {
            self.length_fields = LengthFields::Extended;
        }
        Ok(self)
    }

    /// The same command expecting up to `ne` bytes. More than 256 makes the length fields extended.
    pub fn with_ne(mut self, ne: u32) -> Result<Self, MalformedCommand> {
        if ne > Self::MAX_EXTENDED_NE {
            return Err(MalformedCommand::TooLong);
        }
        self.ne = ne;
        if ne > Self::MAX_SHORT_NE {
            self.length_fields = LengthFields::Extended;
        }
        Ok(self)
    }

    /// Reads the four cases, short and extended, and nothing else (ISO/IEC 7816-4:2020, 5.2, table
    /// 1).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedCommand> {
        let (&header, body) = bytes.split_first_chunk::<4>().ok_or(MalformedCommand::TooShort)?;
        let (length_fields, data, ne) = match *body {
            [] => (LengthFields::Short, &[][..], 0),
            [le] => (LengthFields::Short, &[][..], short_ne(le)),
            [0, high, low] => {
                (LengthFields::Extended, &[][..], extended_ne(u16::from_be_bytes([high, low])))
            }
            [0, high, low, ref rest @ ..] => {
                let nc = usize::from(u16::from_be_bytes([high, low]));
                let (data, le) = split_data(rest, nc)?;
                let ne = match *le {
                    [] => 0,
                    [high, low] => extended_ne(u16::from_be_bytes([high, low])),
                    _ => return Err(MalformedCommand::WrongLength),
                };
                (LengthFields::Extended, data, ne)
            }
            [lc, ref rest @ ..] => {
                let (data, le) = split_data(rest, usize::from(lc))?;
                let ne = match *le {
                    [] => 0,
                    [le] => short_ne(le),
                    _ => return Err(MalformedCommand::WrongLength),
                };
                (LengthFields::Short, data, ne)
            }
        };
        Ok(Self { header, data: Zeroizing::new(data.to_vec()), ne, length_fields })
    }

    /// The bytes as they travel.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let nc = self.data.len();
        // Reserved at once: a vector that grows would leave copies of the data behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 + 3 + nc + 3));
        bytes.extend_from_slice(&self.header);
        // Both fields wrap to zero at their maximum; the constructors keep them within it.
        match self.length_fields {
            LengthFields::Short => {
                let [.., lc] = nc.to_be_bytes();
                let [.., le] = self.ne.to_be_bytes();
                if nc > 0 {
                    bytes.push(lc);
                    bytes.extend_from_slice(&self.data);
                }
                if self.ne > 0 {
                    bytes.push(le);
                }
            }
            LengthFields::Extended => {
                let [.., lc_high, lc_low] = nc.to_be_bytes();
                let [.., le_high, le_low] = self.ne.to_be_bytes();
                if nc > 0 {
                    bytes.extend_from_slice(&[0, lc_high, lc_low]);
                    bytes.extend_from_slice(&self.data);
                } else if self.ne > 0 {
                    bytes.push(0);
                }
                if self.ne > 0 {
                    bytes.extend_from_slice(&[le_high, le_low]);
                }
            }
        }
        bytes
    }

    /// CLA, INS, P1, P2.
    #[must_use]
    pub fn header(&self) -> [u8; 4] {
        self.header
    }

    /// The class byte.
    #[must_use]
    pub fn cla(&self) -> u8 {
        let [cla, ..] = self.header;
        cla
    }

    /// The instruction byte.
    #[must_use]
    pub fn ins(&self) -> u8 {
        let [_, ins, ..] = self.header;
        ins
    }

    /// The first parameter byte.
    #[must_use]
    pub fn p1(&self) -> u8 {
        let [_, _, p1, _] = self.header;
        p1
    }

    /// The second parameter byte.
    #[must_use]
    pub fn p2(&self) -> u8 {
        let [.., p2] = self.header;
        p2
    }

    /// The data field; its length is Nc.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// How many bytes are expected back at most: 0 to 65,536.
    #[must_use]
    pub fn ne(&self) -> u32 {
        self.ne
    }

    /// The form of the length fields. A command read from bytes keeps the form it came in.
    #[must_use]
    pub fn length_fields(&self) -> LengthFields {
        self.length_fields
    }
}

fn split_data(rest: &[u8], nc: usize) -> Result<(&[u8], &[u8]), MalformedCommand> {
    // An Lc field of zero does not exist: a command without data leaves it out.
    if nc == 0 {
        return Err(MalformedCommand::WrongLength);
    }
    rest.split_at_checked(nc).ok_or(MalformedCommand::WrongLength)
}

fn short_ne(le: u8) -> u32 {
    if le == 0 { CommandApdu::MAX_SHORT_NE } else { u32::from(le) }
}

fn extended_ne(le: u16) -> u32 {
    if le == 0 { CommandApdu::MAX_EXTENDED_NE } else { u32::from(le) }
}

/// Shows the header and the lengths, never the data field: it may hold a PIN.
impl fmt::Debug for CommandApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [cla, ins, p1, p2] = self.header;
        write!(f, "{cla:02X} {ins:02X} {p1:02X} {p2:02X} Nc={} Ne={}", self.data.len(), self.ne)
    }
}

#[cfg(test)]
mod tests {
    use super::CommandApdu;

    #[test]
    fn debug_shows_no_data() {
        let command = CommandApdu::new(0x00, 0x20, 0x00, 0x98).with_data(*b"1234").unwrap();
        assert_eq!(format!("{command:?}"), "00 20 00 98 Nc=4 Ne=0");
    }
}
