use std::collections::HashSet;

use kazashi_core::{
    Abilities,
    jpki::{self, Certificate},
    policy::{Application, Reading},
};
use zeroize::Zeroizing;

use crate::{disclosure_log::CardId, try_guard::WrongData, worker::Insertion};

/// No certificate is longer: a file has 15 bits of offsets.
const MAX_FILE: usize = 0x7FFF;

/// What is remembered of a card while it stays on the reader.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) insertion: Insertion,
    /// What joins the lines about it in the disclosure log.
    pub(crate) id: String,
    pub(crate) abilities: Abilities,
    pub(crate) wrong: WrongData,
    /// The files that the log says were read, by lease.
    pub(crate) read: HashSet<(String, String)>,
    /// Which card it is, once that is known.
    pub(crate) card: Option<CardId>,
    /// How the log stands.
    pub(crate) recorded: Recorded,
    /// The user authentication certificate, as far as a page has read it.
    certificate: Zeroizing<Vec<u8>>,
    /// Whether what GET RESPONSE brings belongs behind that.
    goes_on: bool,
}

/// What the log says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Nothing.
    Nothing,
    /// Something, but not of which card.
    WithoutCard,
    /// All.
    WithCard,
}

impl Visit {
    pub(crate) fn new(insertion: Insertion) -> Self {
        Self {
            insertion,
            id: crate::identifier(),
            abilities: Abilities::default(),
            wrong: WrongData::new(),
            read: HashSet::new(),
            card: None,
            recorded: Recorded::Nothing,
            certificate: Zeroizing::default(),
            goes_on: false,
        }
    }

    /// Sees what a page reads. Returns the public key in the user authentication certificate as soon
    /// as that has passed by: so it need not be read once more to tell which card this is.
    pub(crate) fn observe(&mut self, reading: Reading, data: &[u8]) -> Option<Vec<u8>> {
        let file = (Some(Application::Jpki), Some(jpki::ef::USER_AUTHENTICATION_CERTIFICATE));
        if self.card.is_some() || (reading.application, reading.ef) != file {
            return None;
        }
        if reading.offset == Some(0) {
            self.certificate.clear();
        }
        // Every byte in its place: a page must not be able to make it look like another card.
        self.goes_on = match reading.offset {
            Some(offset) => usize::from(offset) == self.certificate.len(),
            None => self.goes_on,
        };
        if !self.goes_on || self.certificate.len() + data.len() > MAX_FILE {
            return None;
        }
        self.certificate.extend_from_slice(data);
        let certificate = Certificate::from_file(&self.certificate).ok()?;
        certificate.public_key().map(<[u8]>::to_vec)
    }
}
