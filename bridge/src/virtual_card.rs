//! A card of the emulator in place of a reader, for development.

use std::path::{Path, PathBuf};

use kazashi_core::{
    apdu::{CommandApdu, ResponseApdu},
    error_code::ErrorCode,
};
use kazashi_emulator::{Card, ImageError, folder};
use rand_core::OsRng;
use tracing::warn;

use crate::{
    readers::Readers,
    session::{CardTransaction, Ending},
    worker::{Insertion, Slot},
};

/// The one stay of this card on its reader.
const INSERTION: Insertion = Insertion(1);

/// Puts the card of an image folder on a reader of its own.
pub(crate) fn insert(readers: &Readers, image: &Path) -> Result<(), ImageError> {
    let mut card = Card::new(folder::load(image)?);
    card.power_on();
    let atr = card.atr().to_vec();
    let reader =
        readers.add("Kazashi virtual card", VirtualSlot { card, folder: image.to_owned() });
    readers.set_card(&reader, Some((INSERTION, atr)));
    Ok(())
}

struct VirtualSlot {
    card: Card,
    folder: PathBuf,
}

impl Slot for VirtualSlot {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        Ok((Box::new(self), INSERTION))
    }

    fn rest(&mut self) {}
}

impl CardTransaction for &mut VirtualSlot {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let response = self.card.transmit(&command.to_bytes(), &mut OsRng);
        // A retry counter lives on the card, so it outlives this program.
        if self.card.take_changed()
            && let Err(error) = folder::save_counters(&self.folder, self.card.image())
        {
            warn!(%error, "could not save the retry counters");
        }
        ResponseApdu::from_bytes(&response).map_err(|_| ErrorCode::CommunicationError)
    }

    fn end(self: Box<Self>, ending: Ending) {
        if ending == Ending::UnpowerCard {
            self.card.power_off();
            self.card.power_on();
        }
    }
}
