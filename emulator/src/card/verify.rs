use kazashi_core::codec::apdu::{CommandApdu, StatusWord};

use super::Card;
use crate::{Contents, Deed, Ef, Pin};

impl Card {
    /// VERIFY (ISO/IEC 7816-4:2020, 11.6.6; card.md 3.6 and 4.2).
    pub(super) fn verify(&mut self, command: &CommandApdu) -> Result<Vec<u8>, StatusWord> {
        if command.p1() != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let ef = self.ef_of_p2(command.p2())?;
        let pin = self.pin_mut(ef)?;
        // Without a data field it asks for the counter, whatever was verified. Some stacks add an
        // Le field.
        if command.data().is_empty() {
            let retries_left = pin.retries_left();
            self.deed = Some(Deed::RetryCounterTold(ef));
            return Err(StatusWord::with_retries_left(retries_left));
        }
        if command.data().len() > 16 {
            return Err(StatusWord::WRONG_LENGTH);
        }
        if pin.retries_left() == 0 {
            return Err(StatusWord::REFERENCE_DATA_NOT_USABLE);
        }
        // Whether a value of a length that cannot be right costs a try is not known: here it does.
        let before = pin.clone();
        let correct = pin.present(command.data());
        let retries_left = pin.retries_left();
        self.changed |= *pin != before;
        self.deed = Some(Deed::PinTried { ef, correct });
        if correct {
            self.verified.insert(ef);
            Ok(Vec::new())
        } else {
            self.verified.remove(&ef);
            Err(StatusWord::with_retries_left(retries_left))
        }
    }

    /// CHANGE REFERENCE DATA (ISO/IEC 7816-4:2020, 11.6.7): the new value alone, after the old one
    /// was verified.
    pub(super) fn change_reference_data(
        &mut self,
        command: &CommandApdu,
    ) -> Result<Vec<u8>, StatusWord> {
        if command.p1() != 0x01 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let ef = self.ef_of_p2(command.p2())?;
        self.pin_mut(ef)?;
        if !self.is_verified(ef) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let value = command.data();
        if !(1..=16).contains(&value.len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        // Whether the card looks at the form of the value is not known: here it must be one that
        // the law's forms allow.
        if !ef.application.accepts_new_pin(ef.id, value) {
            return Err(StatusWord::WRONG_DATA);
        }
        self.pin_mut(ef)?.change(value);
        self.changed = true;
        self.deed = Some(Deed::PinChanged(ef));
        Ok(Vec::new())
    }

    fn pin_mut(&mut self, ef: Ef) -> Result<&mut Pin, StatusWord> {
        match self.image.contents_mut(ef) {
            Some(Contents::Pin(pin)) => Ok(pin),
            Some(_) => Err(StatusWord::INCOMPATIBLE_FILE_STRUCTURE),
            None => Err(StatusWord::NOT_FOUND),
        }
    }
}
