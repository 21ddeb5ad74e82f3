//! Flows with the card information input support application.

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::desk::Work;
use kazashi_core::guard::verification::{Presentation, Presenting};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{PinValue, Sex};
use kazashi_core::wire::{CardAnswer, Integrity};

use crate::notary::Believer;
use crate::transcript::{Transcript, transcripts};
use crate::vectors::hex;

transcripts! {
    the_basic_attributes_are_read_after_their_pin_and_only_then: "read-attributes",
    nobody_is_asked_for_a_pin_of_an_application_that_is_not_there:
        "attributes-without-application",
}

fn the_basic_attributes_are_read_after_their_pin_and_only_then(card: Transcript) {
    let notary = Believer::default();
    let answer = card.in_session(|card| {
        let unpresented = card.perform(Work::ReadAttributes, None, &notary).answer;
        assert_eq!(unpresented.unwrap_err(), ErrorCode::InvalidRequest.into());
        let pin = PinValue::parse(PinReference::CardInformation, "1234").unwrap();
        let pin = Presenting::Known(Presentation::of_person(pin, 3));
        card.perform(Work::ReadAttributes, Some(pin), &notary).answer
    });
    let CardAnswer::Attributes { name, address, birth_date, sex, integrity } = answer.unwrap()
    else {
        panic!("other than attributes");
    };
    assert_eq!((name.as_str(), address.as_str()), ("山　花", "東"));
    assert_eq!((birth_date.as_str(), sex), ("1980-02-17", Sex::Female));
    assert_eq!(integrity, Integrity::Genuine);
    let reading = notary.shown().unwrap();
    assert_eq!(*reading.integrity_record, hex("FF30820003010203"));
    assert_eq!(reading.cv_certificate, hex("7F21820003040506"));
    assert_eq!(format!("{reading:?}"), "AttributesReading { .. }");
}

fn nobody_is_asked_for_a_pin_of_an_application_that_is_not_there(card: Transcript) {
    let retries_left = card.in_session(|card| card.before_dialog(PinReference::CardInformation));
    assert_eq!(retries_left.map(drop), Err(ErrorCode::ApplicationAbsent.into()));
}
