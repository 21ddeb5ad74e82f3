//! A card that outlives the process.

use std::path::PathBuf;
use std::thread;

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_emulator::command_line::Serving;
use kazashi_emulator::{Card, Image, ImageError, Timing, folder};
use rand_core::OsRng;

/// Memory failure (ISO/IEC 7816-4:2020, 5.6).
const MEMORY_FAILURE: [u8; 2] = [0x65, 0x81];

/// A card with the folder that its counters are kept in.
pub(crate) struct StoredCard {
    card: Card,
    dir: PathBuf,
    trace: bool,
    timing: Timing,
}

impl StoredCard {
    pub(crate) fn load(dir: PathBuf, serving: Serving) -> Result<Self, ImageError> {
        let card = Card::new(folder::load(&dir)?);
        Ok(Self { card, dir, trace: serving.trace, timing: serving.timing() })
    }

    pub(crate) fn image(&self) -> &Image {
        self.card.image()
    }

    pub(crate) fn card(&mut self) -> &mut Card {
        &mut self.card
    }

    /// Answers in the time that the card takes.
    pub(crate) fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        let mut response = self.card.transmit(command, &mut OsRng);
        if self.card.take_changed()
            && let Err(error) = folder::save_counters(&self.dir, self.card.image())
        {
            eprintln!("the retry counters cannot be saved: {error}");
            response = MEMORY_FAILURE.to_vec();
        }
        if self.trace {
            trace(command, &response);
        }
        thread::sleep(self.timing.duration(command, &response));
        response
    }
}

/// Header and lengths only: that is what these types' `Debug` shows.
fn trace(command: &[u8], response: &[u8]) {
    let command = match CommandApdu::from_bytes(command) {
        Ok(command) => format!("{command:?}"),
        Err(_) => format!("malformed, {} bytes", command.len()),
    };
    if let Ok(response) = ResponseApdu::from_bytes(response) {
        eprintln!("{command} -> {} Nr={}", response.status(), response.data().len());
    }
}
