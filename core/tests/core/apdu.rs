//! APDUs and data objects, as bytes and as what they mean.

use kazashi_core::codec::apdu::{CommandApdu, LengthFields, ResponseApdu};
use kazashi_core::codec::tlv;
use serde::Deserialize;

use crate::vectors::{each_case, hex};

each_case! {
    command_apdus_are_read_and_written_as_by_hand: "commands" of "apdu/commands.json" by command {
        case_1_verify_that_asks_for_the_retry_counter,
        case_2_short_read_binary_of_4_bytes,
        case_2_short_le_00_is_256,
        case_2_extended_le_0000_is_65536,
        case_2_extended_get_challenge_of_256_bytes,
        case_3_short_select_of_the_public_key_application,
        case_3_extended_one_byte_of_data,
        case_4_short_select_with_fci,
        case_4_short_one_byte_expected,
        case_4_extended_65536_bytes_expected,
    }

    malformed_command_apdus_are_refused: "malformed" of "apdu/commands.json" by malformed_command {
        nothing,
        a_header_of_three_bytes,
        lc_announces_more_than_there_is,
        a_second_byte_behind_le,
        an_lc_of_zero_with_le,
        an_extended_lc_of_zero,
        extended_data_with_one_byte_of_le,
        extended_data_that_ends_early,
    }

    response_apdus_are_read_and_written_as_by_hand: "responses" of "apdu/responses.json"
        by response {
        done,
        data_and_status,
        two_tries_left,
        no_tries_left,
        blocked_as_iso_says_it,
        blocked_as_the_card_says_it,
        a_wrong_pin_without_a_counter_is_no_counter,
        _256_more_bytes,
        _16_more_bytes,
        ask_again_for_4,
    }

    malformed_response_apdus_are_refused: "malformed" of "apdu/responses.json"
        by malformed_response {
        bytes,
        bytes_90,
    }

    data_objects_are_read_as_by_hand: "ber" of "apdu/tlv.json" by objects {
        nothing,
        one_object,
        the_individual_number_s_file_filler_behind_the_object,
        filler_of_zeros,
        a_length_in_more_bytes_than_it_needs,
        three_objects_one_behind_the_other,
        a_tag_of_two_bytes_with_a_value_of_128,
    }

    malformed_data_objects_are_refused: "malformedBer" of "apdu/tlv.json" by malformed_objects {
        a_tag_without_a_length,
        half_a_tag,
        a_value_that_ends_early,
        a_length_that_ends_early,
        the_indefinite_length,
        a_length_of_five_bytes,
        a_tag_of_five_bytes,
    }

    simple_data_objects_are_read_as_by_hand: "simple" of "apdu/tlv.json" by simple_object {
        the_record_of_the_common_application,
        a_length_of_three_bytes,
    }

    malformed_simple_data_objects_are_refused: "malformedSimple" of "apdu/tlv.json"
        by malformed_simple_object {
        bytes,
        bytes_01,
        bytes_0102aa,
        bytes_01ff00,
        bytes_01ff0002aa,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    bytes: String,
    header: String,
    data: String,
    ne: u32,
    length_fields: String,
}

fn command(case: Command) {
    let command = CommandApdu::from_bytes(&hex(&case.bytes)).unwrap();
    assert_eq!(command.header().to_vec(), hex(&case.header));
    assert_eq!(command.data(), hex(&case.data));
    assert_eq!(command.ne(), case.ne);
    let extended = command.length_fields() == LengthFields::Extended;
    assert_eq!(extended, case.length_fields == "extended");
    assert_eq!(command.to_bytes().to_vec(), hex(&case.bytes));
}

#[derive(Deserialize)]
struct Malformed {
    bytes: String,
}

fn malformed_command(case: Malformed) {
    assert!(CommandApdu::from_bytes(&hex(&case.bytes)).is_err());
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    bytes: String,
    data: String,
    status: String,
    retries_left: Option<u8>,
    #[serde(default)]
    blocked: bool,
    bytes_left: Option<u32>,
    corrected_ne: Option<u32>,
}

fn response(case: Response) {
    let response = ResponseApdu::from_bytes(&hex(&case.bytes)).unwrap();
    let status = response.status();
    assert_eq!(response.data(), hex(&case.data));
    assert_eq!(status.to_string(), case.status);
    assert_eq!(status.retries_left(), case.retries_left);
    assert_eq!(status.is_blocked(), case.blocked);
    assert_eq!(status.bytes_left(), case.bytes_left);
    assert_eq!(status.corrected_ne(), case.corrected_ne);
    assert_eq!(response.to_bytes().to_vec(), hex(&case.bytes));
}

fn malformed_response(bytes: String) {
    assert!(ResponseApdu::from_bytes(&hex(&bytes)).is_err());
}

#[derive(Deserialize)]
struct Objects {
    bytes: String,
    objects: Vec<(String, String)>,
}

fn objects(case: Objects) {
    let bytes = hex(&case.bytes);
    let objects: Vec<_> = tlv::read(&bytes)
        .map(Result::unwrap)
        .map(|object| (format!("{:?}", object.tag()), object.value().to_vec()))
        .collect();
    let expected: Vec<_> =
        case.objects.into_iter().map(|(tag, value)| (tag, hex(&value))).collect();
    assert_eq!(objects, expected);
}

fn malformed_objects(case: Malformed) {
    assert!(tlv::read(&hex(&case.bytes)).last().unwrap().is_err());
}

#[derive(Deserialize)]
struct SimpleObject {
    bytes: String,
    tag: String,
    value: String,
    rest: String,
}

fn simple_object(case: SimpleObject) {
    let bytes = hex(&case.bytes);
    let (tag, value, rest) = tlv::read_simple(&bytes).unwrap();
    assert_eq!(vec![tag], hex(&case.tag));
    assert_eq!(value, hex(&case.value));
    assert_eq!(rest, hex(&case.rest));
}

fn malformed_simple_object(bytes: String) {
    assert!(tlv::read_simple(&hex(&bytes)).is_err());
}
