//! The cards of a folder, and which of them lies on the reader.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kazashi_emulator::{Application, Ef, Image, folder};
use serde::Serialize;

/// The cards, and which of them lies on the reader.
pub(crate) struct Cards {
    folder: PathBuf,
    on_reader: Mutex<Option<&'static str>>,
}

/// What is told of a card. These cards protect nothing, so that everything can be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardFacts {
    name: &'static str,
    is_on_reader: bool,
    pin: PinFacts,
    card_information_pin: PinFacts,
    /// Birth date in the year of its era, year of expiry, security code (照合番号B).
    verification_number_b: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PinFacts {
    value: Option<String>,
    retries_left: u8,
}

/// Those that a visitor may have, in the order in which they are shown.
const NAMES: [&str; 6] =
    ["normal", "another-person", "without-pins", "blocked", "expired", "foreign-root"];

impl Cards {
    /// A folder with a card image for each of them.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self, Box<dyn Error>> {
        for name in NAMES {
            folder::load(folder.join(name))?;
        }
        Ok(Self { folder, on_reader: Mutex::new(Some("normal")) })
    }

    /// All of them, as they are now.
    pub(crate) fn facts(&self) -> Result<Vec<CardFacts>, Box<dyn Error>> {
        let on_reader = *self.on_reader();
        let facts = |name| {
            let image = folder::load(self.path(name))?;
            Ok(CardFacts {
                name,
                is_on_reader: on_reader == Some(name),
                pin: PinFacts::of(&image, Application::Jpki, 0x0018),
                card_information_pin: PinFacts::of(&image, Application::CardInformation, 0x0011),
                verification_number_b: PinFacts::of(&image, Application::CardSurface, 0x0012).value,
            })
        };
        NAMES.into_iter().map(facts).collect()
    }

    /// Puts a card on the reader, in place of another. Says whether there is such a card.
    pub(crate) fn put(&self, name: &str) -> io::Result<bool> {
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else { return Ok(false) };
        *self.on_reader() = Some(name);
        say(&format!("swap {}", self.path(name).display()))?;
        Ok(true)
    }

    /// Takes the card off the reader.
    pub(crate) fn pull(&self) -> io::Result<()> {
        *self.on_reader() = None;
        say("remove")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn on_reader(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.on_reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PinFacts {
    fn of(image: &Image, application: Application, id: u16) -> Self {
        let pin = image.pins().find(|(ef, _)| *ef == Ef { application, id }).map(|(_, pin)| pin);
        Self {
            value: pin.and_then(|pin| pin.value()).map(str::to_owned),
            retries_left: pin.map_or(0, |pin| pin.retries_left()),
        }
    }
}

/// Tells the reader.
fn say(command: &str) -> io::Result<()> {
    let mut output = io::stdout();
    writeln!(output, "{command}")?;
    output.flush()
}
