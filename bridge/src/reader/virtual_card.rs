//! A card of the emulator in place of a reader, for development.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{CardTransaction, Ending};
use kazashi_emulator::{Card, ImageError, folder};
use rand_core::OsRng;
use tracing::warn;

use crate::reader::readers::Readers;
use crate::reader::slot::{Insertion, Slot};

/// A reader on which virtual cards are put, and from which they are taken.
pub(crate) struct VirtualReader {
    readers: Arc<Readers>,
    id: String,
    tray: Tray,
    image: PathBuf,
    insertions: u32,
}

/// The card that lies on the reader, if any does.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Option<Inserted>>>);

struct Inserted {
    card: Card,
    folder: PathBuf,
    insertion: Insertion,
}

impl VirtualReader {
    /// A reader with the card of this image folder on it.
    pub(crate) fn with_card(readers: Arc<Readers>, image: PathBuf) -> Result<Self, ImageError> {
        let tray = Tray::default();
        let id = readers.add("Kazashi virtual card", VirtualSlot { tray: tray.clone() }, None);
        let mut reader = Self { readers, id, tray, image, insertions: 0 };
        reader.insert()?;
        Ok(reader)
    }

    /// Obeys `insert`, `remove` and `swap DIR`, one a line, as `kazashi-emulator run` does. The end
    /// of input leaves the card where it is.
    pub(crate) fn obey(mut self, input: impl BufRead) {
        for line in input.lines().map_while(Result::ok) {
            let done = match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
                ("insert", "") => self.insert(),
                ("remove", "") => {
                    self.remove();
                    Ok(())
                }
                ("swap", image) if !image.is_empty() => {
                    self.remove();
                    self.image = image.into();
                    self.insert()
                }
                _ => {
                    warn!("the virtual reader knows insert, remove and swap DIR");
                    Ok(())
                }
            };
            if let Err(error) = done {
                warn!(%error, "could not insert the virtual card");
            }
        }
    }

    fn insert(&mut self) -> Result<(), ImageError> {
        self.insertions += 1;
        let insertion = Insertion(self.insertions);
        let atr = self.tray.put(&self.image, insertion)?;
        self.readers.set_card(&self.id, Some((insertion, atr)));
        Ok(())
    }

    fn remove(&mut self) {
        *self.tray.lock() = None;
        self.readers.set_card(&self.id, None);
    }
}

/// A reader with the card of this image folder on it, of which no page knows.
pub(crate) fn slot(image: &Path) -> Result<impl Slot + use<>, ImageError> {
    let tray = Tray::default();
    tray.put(image, Insertion(1))?;
    Ok(VirtualSlot { tray })
}

struct VirtualSlot {
    tray: Tray,
}

impl Slot for VirtualSlot {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        let inserted = self.tray.lock();
        let insertion = inserted.as_ref().ok_or(ErrorCode::NoSmartcard)?.insertion;
        Ok((Box::new(VirtualTransaction { tray: &self.tray, insertion }), insertion))
    }

    fn rest(&mut self) {}
}

struct VirtualTransaction<'t> {
    tray: &'t Tray,
    insertion: Insertion,
}

impl CardTransaction for VirtualTransaction<'_> {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let mut tray = self.tray.lock();
        let inserted = tray.as_mut().filter(|inserted| inserted.insertion == self.insertion);
        let Inserted { card, folder, .. } = inserted.ok_or(ErrorCode::RemovedCard)?;
        let response = card.transmit(&command.to_bytes(), &mut OsRng);
        // A retry counter lives on the card, so it outlives this program.
        if card.take_changed()
            && let Err(error) = folder::save_counters(folder, card.image())
        {
            warn!(%error, "could not save the retry counters");
        }
        ResponseApdu::from_bytes(&response).map_err(|_| ErrorCode::CommunicationError)
    }

    fn end(self: Box<Self>, ending: Ending) {
        if let Some(inserted) = self.tray.lock().as_mut()
            && ending == Ending::UnpowerCard
        {
            inserted.card.power_off();
            inserted.card.power_on();
        }
    }
}

impl Tray {
    /// Puts a card there. Returns its ATR.
    fn put(&self, image: &Path, insertion: Insertion) -> Result<Vec<u8>, ImageError> {
        let mut card = Card::new(folder::load(image)?);
        card.power_on();
        let atr = card.atr().to_vec();
        *self.lock() = Some(Inserted { card, folder: image.to_owned(), insertion });
        Ok(atr)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Inserted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
