use kazashi_core::codec::apdu::{CommandApdu, StatusWord};

use super::{Card, RECORD_NOT_FOUND};
use crate::{Contents, Deed, Ef};

impl Card {
    /// READ RECORD (ISO/IEC 7816-4:2020, 11.4.3; card.md 3.4): one record by its number.
    pub(super) fn read_record(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if !command.data().is_empty() || command.ne() == 0 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let ef = self.ef_of_records(command.p2())?;
        let Contents::Records(records) = self.contents(ef)? else {
            return Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE);
        };
        self.demand_access(ef)?;
        let record = records.get(&command.p1()).ok_or(RECORD_NOT_FOUND)?;
        // What the card answers to a length that is too short is not known; here it is as much.
        let ne = usize::try_from(command.ne()).unwrap_or(usize::MAX);
        let read = record.get(..ne).unwrap_or(record).to_vec();
        self.deed = Some(Deed::FileRead(ef));
        Ok(read)
    }

    /// The upper five bits of P2 are a short EF identifier, or zero for the current EF; the lower
    /// three say that P1 is the number of a record.
    fn ef_of_records(&mut self, p2: u8) -> Result<Ef, StatusWord> {
        match (p2 >> 3, p2 & 0x07) {
            (0x00, 0x04) => self.current_ef.ok_or(StatusWord::NO_CURRENT_EF),
            (id @ 0x01..=0x1E, 0x04) => self.ef_of_short_identifier(id),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }
}
