use kazashi_core::codec::apdu::{CommandApdu, StatusWord};

use super::Card;
use crate::Deed;

/// The ATR of the contacts, without its first byte (ISO/IEC 7816-4:2020, 12.1.1).
const ATR: u16 = 0x5F51;

impl Card {
    /// GET DATA (ISO/IEC 7816-4:2020, 11.5.2; card.md 3.0): the data objects beside the
    /// applications.
    pub(super) fn get_data(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if !command.data().is_empty() || command.ne() == 0 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let tag = u16::from_be_bytes([command.p1(), command.p2()]);
        let object = match (tag, self.application) {
            // Some cards know their ATR within an application only; here it is known everywhere.
            (ATR, _) => self.atr().get(1..),
            (_, None) => self.image.data_object(tag),
            (_, Some(_)) => None,
        };
        let object = object.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let ne = usize::try_from(command.ne()).unwrap_or(usize::MAX);
        if ne < object.len() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let object = object.to_vec();
        self.deed = Some(Deed::DataObjectRead(tag));
        Ok(object)
    }
}
