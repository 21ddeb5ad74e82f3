use std::collections::HashSet;

use kazashi_core::guard::policy::{File, Reading};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::value::layout::{self, Application};
use kazashi_core::value::{Certificate, StayName};
use zeroize::Zeroizing;

use crate::reader::slot::{Insertion, new_memory};
use crate::record::CardId;
use crate::sys::identifier;

/// No certificate is longer: a file has 15 bits of offsets.
const MAX_FILE: usize = 0x7FFF;

/// Memory of a card while it stays on the reader.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) insertion: Insertion,
    /// Joins the lines about it in the disclosure log.
    pub(crate) id: String,
    /// The session's part.
    pub(crate) memory: StayMemory,
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

/// State of the log about a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Nothing.
    Nothing,
    /// Something, but not of which card.
    WithoutCard,
    /// All.
    WithCard,
}

impl Stay {
    pub(crate) fn new(insertion: Insertion, name: StayName) -> Self {
        Self {
            insertion,
            id: identifier(),
            memory: new_memory(name),
            read: Default::default(),
            card: None,
            recorded: Recorded::Nothing,
            certificate: Zeroizing::default(),
            goes_on: false,
        }
    }

    /// The same card under a new lease: what it signed for the page before is not vouched for to this
    /// one.
    pub(crate) fn under_new_lease(self) -> Self {
        Self { memory: self.memory.under_new_lease(), ..self }
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
        let certificate = layout::jpki::USER_AUTHENTICATION_CERTIFICATE;
        if self.card.is_some() || reading.file != File::new(Application::Jpki, certificate) {
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
        let certificate = Certificate::from_file(&self.certificate)?;
        certificate.public_key().map(<[u8]>::to_vec)
    }
}

#[cfg(test)]
mod tests {
    use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
    use kazashi_core::guard::policy::{CardState, Reading};
    use kazashi_core::value::layout::{self, Application};
    use kazashi_core::value::{Certificate, StayName};
    use kazashi_emulator::{Application as Df, Contents, Ef, Image};

    use super::Stay;
    use crate::reader::slot::Insertion;

    /// EF 000A of a card, filler included.
    fn certificate() -> Vec<u8> {
        let file = layout::jpki::USER_AUTHENTICATION_CERTIFICATE;
        match Image::normal().contents(Ef { application: Df::Jpki, id: file.into() }) {
            Some(Contents::Transparent(file)) => file.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// The reading of READ BINARY at this offset of a file, or of GET RESPONSE without one.
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
        let mut stay = Stay::new(Insertion(1), StayName::from_bytes([1; 16]));
        let mut found = None;
        for (index, piece) in certificate.chunks(256).enumerate() {
            let file = layout::jpki::USER_AUTHENTICATION_CERTIFICATE;
            let (begin, rest) = piece.split_at(piece.len().min(16));
            // The card keeps a part of each piece for GET RESPONSE.
            found = found
                .or_else(|| stay.observe(reading(file, Some(256 * index)), begin))
                .or_else(|| stay.observe(reading(file, None), rest));
        }
        assert_eq!(found.as_deref(), expected.public_key());
        assert!(found.is_some());
    }

    #[test]
    fn a_page_cannot_make_it_look_like_another_card() {
        let certificate = certificate();
        let (begin, rest) = certificate.split_at(256);
        let file = layout::jpki::USER_AUTHENTICATION_CERTIFICATE;
        let other_file = layout::jpki::USER_AUTHENTICATION_CA_CERTIFICATE;
        for confusion in [
            // The end of the file in place of its middle, and what then goes on.
            vec![(Some(512), rest), (None, rest)],
            // Another file.
            vec![(Some(0), begin), (None, rest)],
        ] {
            let mut stay = Stay::new(Insertion(1), StayName::from_bytes([1; 16]));
            stay.observe(reading(file, Some(0)), begin);
            for (offset, data) in confusion {
                let file = if offset == Some(512) { file } else { other_file };
                assert_eq!(stay.observe(reading(file, offset), data), None);
            }
        }
    }
}
