use kazashi_core::codec::apdu::{CommandApdu, StatusWord};

use super::Card;
use crate::{Contents, Deed, Ef};

impl Card {
    /// READ BINARY (ISO/IEC 7816-4:2020, 11.3.3; card.md 4.1).
    pub(super) fn read_binary(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if !command.data().is_empty() || command.ne() == 0 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let (ef, offset) = self.ef_and_offset(command)?;
        let Contents::Transparent(bytes) = self.contents(ef)? else {
            return Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE);
        };
        self.demand_access(ef)?;
        let rest = match bytes.get(usize::from(offset)..) {
            None | Some([]) => return Err(StatusWord::WRONG_OFFSET),
            Some(rest) => rest,
        };
        // To the end of the file, without a warning, when more is asked for.
        let ne = usize::try_from(command.ne()).unwrap_or(usize::MAX);
        let read = rest.get(..ne).unwrap_or(rest).to_vec();
        self.deed = Some(Deed::FileRead(ef));
        Ok(read)
    }

    /// Bit 8 of P1 tells an offset of 15 bits in the current EF from a short EF identifier with an
    /// offset of 8 bits.
    fn ef_and_offset(&mut self, command: &CommandApdu) -> Result<(Ef, u16), StatusWord> {
        let (p1, p2) = (command.p1(), command.p2());
        match p1 {
            0x00..=0x7F => {
                let ef = self.current_ef.ok_or(StatusWord::NO_CURRENT_EF)?;
                Ok((ef, u16::from_be_bytes([p1, p2])))
            }
            0x81..=0x9E => Ok((self.ef_of_short_identifier(p1 & 0x1F)?, u16::from(p2))),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }
}
