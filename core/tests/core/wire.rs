//! The messages between page and bridge.

use kazashi_core::wire::{Envelope, Notification, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::vectors::each_case;

each_case! {
    requests_are_read_and_written_as_by_hand: "requests" of "wire/messages.json" by request {
        hello,
        list_readers,
        watch,
        acquire,
        acquire_2,
        transmit,
        verify_pin,
        verify_pin_2,
        sign_challenge,
        sign_challenge_2,
        sign_challenge_3,
        release,
        sign,
        verify_birth_date,
        sign_challenge_4,
        terminal_request,
        terminal_sign,
        verify_number_b,
        verify_pin_3,
        read_attributes,
        read_attributes_2,
        read_attributes_3,
        verify_birth_date_2,
        verify_birth_date_3,
        verify_number_b_2,
        vouch,
    }

    answers_are_read_and_written_as_by_hand: "answers" of "wire/messages.json" by answer {
        hello,
        readers,
        acquired,
        acquired_2,
        response,
        verified,
        signed,
        signed_2,
        released,
        document_signed,
        attributes,
        attributes_2,
        attributes_3,
        vouched,
        error,
        error_2,
        error_3,
        error_4,
        error_5,
        error_6,
    }

    notifications_are_read_and_written_as_by_hand: "notifications" of "wire/messages.json"
        by notification {
        reader_added,
        reader_removed,
        card_inserted,
        card_removed,
        reader_free,
        lease_lost,
    }

    malformed_requests_are_refused: "malformedRequests" of "wire/messages.json"
        by malformed_request {
        hello,
        untyped,
        hello_2,
        shutdown,
        transmit,
        transmit_2,
        verify_pin,
        verify_pin_2,
        sign_challenge,
        sign,
        verify_birth_date,
        verify_birth_date_2,
        verify_birth_date_3,
        verify_number_b,
        verify_number_b_2,
        read_attributes,
        read_attributes_2,
        terminal_request,
        terminal_sign,
        terminal_sign_2,
        vouch,
    }
}

fn request(message: Value) {
    round_trip::<Envelope>(&message);
}

fn answer(message: Value) {
    round_trip::<Reply>(&message);
}

fn notification(message: Value) {
    round_trip::<Notification>(&message);
}

fn malformed_request(message: Value) {
    assert!(read::<Envelope>(&message).is_err());
}

fn round_trip<T: DeserializeOwned + Serialize>(message: &Value) {
    let parsed: T = read(message).expect("a message");
    assert_eq!(serde_json::to_value(parsed).unwrap(), *message);
}

/// From text, as it comes over the wire.
fn read<T: DeserializeOwned>(message: &Value) -> serde_json::Result<T> {
    serde_json::from_str(&message.to_string())
}
