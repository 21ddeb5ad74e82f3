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
    /// The files that the log says were read, under this lease.
    read: (String, HashSet<String>),
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
            read: Default::default(),
            card: None,
            recorded: Recorded::Nothing,
            certificate: Zeroizing::default(),
            goes_on: false,
        }
    }

    /// The files that the log says were read under this lease. What it says of those before does not
    /// matter: it says it anew for each.
    pub(crate) fn read(&mut self, lease: &str) -> &mut HashSet<String> {
        let (of, files) = &mut self.read;
        if of != lease {
            *of = lease.to_owned();
            files.clear();
        }
        files
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

#[cfg(test)]
mod tests {
    use kazashi_core::{
        apdu::{CommandApdu, StatusWord},
        jpki::{Certificate, ef},
        policy::{Application, CardState, Reading},
    };
    use kazashi_emulator::{Application as Df, Contents, Ef, Image};

    use super::Visit;
    use crate::worker::Insertion;

    /// EF 000A of a card, filler included.
    fn certificate() -> Vec<u8> {
        let file = ef::USER_AUTHENTICATION_CERTIFICATE;
        match Image::normal().contents(Ef { application: Df::Jpki, id: file.into() }) {
            Some(Contents::Transparent(file)) => file.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// What READ BINARY at this offset of a file reads, or GET RESPONSE without one.
    fn reading(file: u8, offset: Option<usize>) -> Reading {
        let mut state = CardState::unknown();
        state.observe(&Application::Jpki.select(), StatusWord::OK);
        let begin = CommandApdu::new(0x00, 0xB0, 0x80 | file, 0x00).with_ne(256).unwrap();
        let [high, low] = u16::try_from(offset.unwrap_or(0)).unwrap().to_be_bytes();
        let command = match offset {
            Some(0) => begin,
            Some(_) => {
                state.observe(&begin, StatusWord::OK);
                CommandApdu::new(0x00, 0xB0, high, low).with_ne(256).unwrap()
            }
            None => {
                state.observe(&begin, StatusWord(0x6110));
                CommandApdu::new(0x00, 0xC0, 0x00, 0x00).with_ne(16).unwrap()
            }
        };
        state.reading(&command).unwrap()
    }

    #[test]
    fn a_certificate_that_passes_in_pieces_tells_which_card_it_is() {
        let certificate = certificate();
        let expected = Certificate::from_file(&certificate).unwrap();
        let mut visit = Visit::new(Insertion(1));
        let mut found = None;
        for (index, piece) in certificate.chunks(256).enumerate() {
            let file = ef::USER_AUTHENTICATION_CERTIFICATE;
            let (begin, rest) = piece.split_at(piece.len().min(16));
            // The card keeps a part of each piece for GET RESPONSE.
            found = found
                .or_else(|| visit.observe(reading(file, Some(256 * index)), begin))
                .or_else(|| visit.observe(reading(file, None), rest));
        }
        assert_eq!(found.as_deref(), expected.public_key());
        assert!(found.is_some());
    }

    #[test]
    fn a_page_cannot_make_it_look_like_another_card() {
        let certificate = certificate();
        let (begin, rest) = certificate.split_at(256);
        let file = ef::USER_AUTHENTICATION_CERTIFICATE;
        let other_file = ef::USER_AUTHENTICATION_CA_CERTIFICATE;
        for confusion in [
            // The end of the file in place of its middle, and what then goes on.
            vec![(Some(512), rest), (None, rest)],
            // Another file.
            vec![(Some(0), begin), (None, rest)],
        ] {
            let mut visit = Visit::new(Insertion(1));
            visit.observe(reading(file, Some(0)), begin);
            for (offset, data) in confusion {
                let file = if offset == Some(512) { file } else { other_file };
                assert_eq!(visit.observe(reading(file, offset), data), None);
            }
        }
    }
}
