//! Codecs: what is written is read back, and no bytes make them panic.

use kazashi_core::codec::Hex;
use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::codec::tlv::{self, Tag};
use kazashi_core::guard::policy::CardState;
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{
    Challenge, Method, Nonce, PinValue, SignedStatement, StayName, StayWord, Testimony,
};
use kazashi_core::wire::Envelope;
use proptest::collection::vec;
use proptest::prelude::*;

fn tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        (1_u32..=0xFE).prop_filter("one byte", |tag| tag & 0x1F != 0x1F).prop_map(Tag),
        (0x01_u32..=0x7E).prop_map(|low| Tag(0x7F00 | low)),
        (0x01_u32..=0x7E).prop_map(|low| Tag(0xFF00 | low)),
    ]
}

fn testimony() -> impl Strategy<Value = Testimony> {
    let statement = (prop::sample::select(Method::ALL), ".*", vec(any::<u8>(), 0..300))
        .prop_map(|(method, nonce, signature)| SignedStatement::new(method, &nonce, &signature));
    let challenge = prop::option::of((".*", vec(any::<u8>(), 1..=255)))
        .prop_map(|given| given.map(|(nonce, bytes)| Challenge::new(&nonce, bytes)));
    let statements = vec(statement, 0..=StayWord::MAX_STATEMENTS);
    (any::<[u8; 16]>(), statements, challenge).prop_map(|(stay, statements, challenge)| Testimony {
        stay: StayName::from_bytes(stay),
        statements,
        challenge,
    })
}

proptest! {
    #[test]
    fn the_word_of_a_stay_is_read_back(testimony in testimony(), key in any::<[u8; 32]>()) {
        let word = StayWord::give(testimony.clone(), "https://portal.example", key, |_| [7; 64]);
        let read = StayWord::from_bytes(word.to_bytes()).unwrap();
        prop_assert_eq!(read.testimony(), &testimony);
        prop_assert_eq!(read.bridge(), &key);
        prop_assert!(read.is_for_origin("https://portal.example"));
        prop_assert_eq!(read, word);
    }

    #[test]
    fn no_bytes_make_the_reader_of_words_panic(
        testimony in testimony(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
    ) {
        let word = StayWord::give(testimony, "https://portal.example", [1; 32], |_| [7; 64]);
        let mut bytes = word.to_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(read) = StayWord::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), &bytes);
        }
        bytes.truncate(length.index(bytes.len()));
        prop_assert!(StayWord::from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_command_is_read_back(
        header in any::<[u8; 4]>(),
        data in vec(any::<u8>(), 0..600),
        ne in 0_u32..=65_536,
    ) {
        let [cla, ins, p1, p2] = header;
        let command =
            CommandApdu::new(cla, ins, p1, p2).with_data(data).unwrap().with_ne(ne).unwrap();
        prop_assert_eq!(CommandApdu::from_bytes(&command.to_bytes()).unwrap(), command);
    }

    #[test]
    fn what_reads_as_a_command_is_written_the_same(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(command) = CommandApdu::from_bytes(&bytes) {
            prop_assert_eq!(command.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn a_response_is_read_back(data in vec(any::<u8>(), 0..600), status in any::<u16>()) {
        let response = ResponseApdu::new(data, StatusWord(status));
        prop_assert_eq!(ResponseApdu::from_bytes(&response.to_bytes()).unwrap(), response);
    }

    #[test]
    fn data_objects_are_read_back(objects in vec((tag(), vec(any::<u8>(), 0..300)), 0..5)) {
        let bytes = objects.iter().map(|(tag, value)| tlv::write(*tag, value)).collect::<Vec<_>>();
        let file = bytes.concat();
        let read: Vec<_> = tlv::read(&file)
            .map(|object| object.map(|object| (object.tag(), object.value().to_vec())))
            .collect::<Result<_, _>>()
            .unwrap();
        prop_assert_eq!(read, objects);
    }

    #[test]
    fn no_bytes_make_the_reader_of_data_objects_panic(bytes in vec(any::<u8>(), 0..300)) {
        let total: usize = tlv::read(&bytes).flatten().map(|object| object.encoded().len()).sum();
        prop_assert!(total <= bytes.len());
        if let Ok((_, value, rest)) = tlv::read_simple(&bytes) {
            prop_assert!(value.len() + rest.len() < bytes.len());
        }
    }

    #[test]
    fn bytes_are_read_back_from_their_hexadecimal(bytes in vec(any::<u8>(), 0..600)) {
        let text = serde_json::to_string(&Hex::from(&bytes)).unwrap();
        let read: Hex = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read.as_bytes(), &bytes);
    }

    #[test]
    fn no_text_makes_the_readers_of_messages_panic(text in ".{0,300}") {
        let quoted = serde_json::to_string(&text).unwrap();
        if let Ok(hex) = serde_json::from_str::<Hex>(&quoted) {
            prop_assert_eq!(2 * hex.as_bytes().len(), text.len());
        }
        prop_assert!(serde_json::from_str::<Envelope>(&quoted).is_err());
        if let Ok(nonce) = Nonce::parse(&text) {
            prop_assert_eq!(nonce.as_str(), text);
        }
    }

    #[test]
    fn what_is_typed_is_a_pin_or_is_refused(text in "[0-9０-９A-Za-z \\-]{0,20}") {
        for reference in [PinReference::UserAuthentication, PinReference::DigitalSignature] {
            let length = text.chars().count();
            if let Ok(value) = PinValue::parse(reference, &text) {
                prop_assert_eq!(value.reference(), reference);
                prop_assert!((4..=16).contains(&length));
            }
        }
    }

    #[test]
    fn nothing_but_a_select_passes_in_the_unknown_state(bytes in vec(any::<u8>(), 4..30)) {
        if let Ok(command) = CommandApdu::from_bytes(&bytes) {
            let passes = CardState::unknown().judge(&command).is_ok();
            prop_assert!(!passes || command.ins() == 0xA4);
        }
    }
}
