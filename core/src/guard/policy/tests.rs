use super::{Application, CardState, Needs, Refusal, Scope, is_raw};
use crate::card::terminal;
use crate::codec::apdu::{CommandApdu, StatusWord};
use crate::value::Scopes;

fn command(hex: &str) -> CommandApdu {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    CommandApdu::from_bytes(&bytes).unwrap()
}

fn in_jpki() -> CardState {
    within(Application::Jpki)
}

fn within(application: Application) -> CardState {
    let mut state = CardState::unknown();
    state.observe(&application.select(), StatusWord::OK);
    state
}

/// A part of a terminal's certificate, of so many bytes.
fn certificate_part([cla, ins, p1, p2]: [u8; 4], nc: usize) -> CommandApdu {
    CommandApdu::new(cla, ins, p1, p2).with_data(vec![0x7F; nc]).unwrap()
}

#[test]
fn each_row_needs_its_scope() {
    for (row, needs) in [
        ("00A4040C0AD392F000260100000001", Needs::Lease),
        ("00A404000AD392F00026010000000100", Needs::Lease),
        ("00A4040C07A0000001510000", Needs::Lease),
        ("00A4020C02000A", Needs::Lease),
        ("00B08A00000000", Needs::Scope(Scope::UserCertificate)),
        ("00B08A0000", Needs::Scope(Scope::UserCertificate)),
        ("00B08B0000", Needs::Scope(Scope::UserCertificate)),
        ("00B0820000", Needs::Scope(Scope::UserCertificate)),
        ("00B0860000", Needs::Scope(Scope::UserCertificate)),
        ("00B0880000", Needs::Lease),
        ("00B0810000", Needs::Scope(Scope::Sign)),
        ("00200098", Needs::Scope(Scope::UserCertificate)),
        ("0020009B", Needs::Scope(Scope::UserCertificate)),
    ] {
        assert_eq!(in_jpki().judge(&command(row)), Ok(needs), "{row}");
    }
}

#[test]
fn each_row_of_the_card_surface_needs_its_scope() {
    for (row, needs) in [
        ("00A4040C0AD3921000310001010402", Needs::Lease),
        ("00B0810000", Needs::Scope(Scope::CardPresence)),
        ("00B0840000", Needs::Scope(Scope::CardPresence)),
        ("00200091", Needs::Scope(Scope::CardPresence)),
        ("00B0820000", Needs::Scope(Scope::CardFace)),
        ("00B08200000000", Needs::Scope(Scope::CardFace)),
        ("00200092", Needs::Scope(Scope::CardFace)),
    ] {
        assert_eq!(within(Application::CardSurface).judge(&command(row)), Ok(needs), "{row}");
    }
}

#[test]
fn everything_else_of_the_card_surface_is_refused() {
    for (refused, why) in [
        ("00B0830000", "what says which municipality issued the card"),
        ("00B0850000", "the picture of the individual number"),
        ("00A4020C020005", "the same, to be read as the current file"),
        ("00B0860000", "a file of which nothing is known"),
        ("00200093", "the counter of verification number A"),
        ("0020009106353530323137", "VERIFY with a birth date"),
        ("002000920E3535303231373230333532323835", "VERIFY with a verification number B"),
        ("0020009200", "a retry counter that expects data"),
        ("00D682000100", "UPDATE BINARY of the card face"),
        ("802A000033", "a signature"),
        ("00A4020C02001A", "the key"),
        ("00B08A0000", "a file of the other application"),
    ] {
        let state = within(Application::CardSurface);
        assert_eq!(state.judge(&command(refused)), Err(Refusal), "{refused}: {why}");
    }
}

#[test]
fn no_command_of_a_page_reaches_the_card_information() {
    // As after a guarded step, which selects it and presents its PIN.
    let state = within(Application::CardInformation);
    assert_eq!(state.application(), Some(Application::CardInformation));
    for (refused, why) in [
        ("00B0810000", "the individual number"),
        ("00B0820000", "the basic attributes"),
        ("00B0830000", "the hash of the individual number"),
        ("00B0840000", "the certificate"),
        ("00B08A0000", "a file of another application"),
        ("00A4020C020001", "the individual number, to be read as the current file"),
        ("00200091", "the counter of its PIN"),
        ("002000910431323334", "VERIFY with a PIN"),
        ("002401910431323334", "CHANGE REFERENCE DATA"),
        ("802A000033", "a signature"),
        ("80AE00000101", "SET SESSION KEY"),
    ] {
        assert_eq!(state.judge(&command(refused)), Err(Refusal), "{refused}: {why}");
    }
}

#[test]
fn a_terminal_certificate_is_for_the_key_that_certifies_terminals() {
    let body = certificate_part(terminal::CERTIFICATE_BODY, 307);
    let signature = certificate_part(terminal::CERTIFICATE_SIGNATURE, 261);
    let mut state = in_jpki();
    assert_eq!(state.judge(&body), Err(Refusal), "no file is current");
    state.observe(&command("00A4020C020016"), StatusWord::OK);
    for part in [&body, &signature] {
        assert_eq!(state.judge(part), Ok(Needs::Scope(Scope::AuthenticatePinless)));
        state.observe(part, StatusWord::OK);
    }
    for (refused, why) in [
        (certificate_part(terminal::CERTIFICATE_BODY, 306), "a body of another length"),
        (certificate_part(terminal::CERTIFICATE_SIGNATURE, 307), "a body as signature"),
        (certificate_part([0x80, 0xA2, 0x00, 0xAE], 261), "other parameters"),
        (certificate_part([0x00, 0xA2, 0x06, 0xC1], 307), "another class"),
        (body.clone().with_ne(256).unwrap(), "one that expects data"),
        (certificate_part([0x00, 0x82, 0x00, 0x80], 288), "EXTERNAL AUTHENTICATE"),
    ] {
        assert_eq!(state.judge(&refused), Err(Refusal), "{why}");
    }
    state.observe(&body, StatusWord::INS_NOT_SUPPORTED);
    assert_eq!(state.judge(&body), Err(Refusal), "the file is named anew after a refusal");
    assert_eq!(in_jpki().judge(&command("00B0960000")), Err(Refusal), "it is not read");
}

#[test]
fn everything_else_is_refused() {
    for (refused, why) in [
        ("00A4040C09D392F0002601000000", "a name that is only a prefix"),
        ("00A4040C0AD3921000310001010408", "the application with the individual number"),
        ("00A404000AD392100031000101040800", "the same, with FCI"),
        ("00A4040C0AD3921000310001010100", "an application that is not in the table"),
        ("00A4040C0AD392F00026010000000100", "SELECT without FCI that expects data"),
        ("00A4020C020017", "a key file"),
        ("00A4020C020009", "a file of which nothing is known"),
        ("00A40000", "SELECT of the master file"),
        ("00B0890000", "a file of which nothing is known, by short identifier"),
        ("00B0970000", "a key file, by short identifier"),
        ("00B0000000", "READ BINARY without a current file"),
        ("00B0800000", "the short identifier zero"),
        ("00B09F0000", "the short identifier 1F"),
        ("00200080", "a retry counter without a current file"),
        ("0020009800", "a retry counter that expects data"),
        ("002000980431323334", "VERIFY with a PIN"),
        ("002001820431323334", "a VERIFY of another form"),
        ("002401980431323334", "CHANGE REFERENCE DATA"),
        ("002C0098", "RESET RETRY COUNTER"),
        ("802A00970130", "a signature"),
        ("802A0097013000", "a signature that expects data"),
        ("0088009901AA00", "INTERNAL AUTHENTICATE"),
        ("0084000010", "GET CHALLENGE"),
        ("00CA004200", "GET DATA"),
        ("00B2010C00", "READ RECORD"),
        ("10B08A0000", "command chaining"),
        ("08B08A0000", "secure messaging"),
        ("01B08A0000", "another logical channel"),
        ("80B08A0000", "the card's own class"),
        ("00D68A000100", "UPDATE BINARY"),
        ("00C0000010", "GET RESPONSE"),
        ("00FF0000", "an unknown instruction"),
    ] {
        assert_eq!(in_jpki().judge(&command(refused)), Err(Refusal), "{refused}: {why}");
    }
}

#[test]
fn every_other_form_of_a_command_in_the_table_is_refused() {
    let mut state = in_jpki();
    state.observe(&command("00A4020C02000A"), StatusWord::OK);
    for (refused, why) in [
        ("00A404010AD392F00026010000000100", "SELECT of the last of a name"),
        ("00A404020AD392F00026010000000100", "SELECT of the next of a name"),
        ("00A404040AD392F00026010000000100", "SELECT for the FCP"),
        ("00A404000AD392F000260100000001", "SELECT with FCI that expects none"),
        ("00A4040C0BD392F00026010000000100", "a name that is longer"),
        ("00A4040C0500000000D3", "bytes that are no name"),
        ("00A4000C0AD392F000260100000001", "SELECT of a name as an identifier"),
        ("00A4080C02000A", "SELECT by path"),
        ("00A4020002000A00", "SELECT EF with FCI"),
        ("00A4020C02010A", "a file whose identifier is longer than a short one"),
        ("00A4020C010A", "an identifier of one byte"),
        ("00A4020C03000A00", "an identifier of three bytes"),
        ("00A4020C02000000", "an identifier that expects data"),
        ("00A4020C020000", "the identifier zero"),
        ("00A4020C02001F", "the identifier 1F"),
        ("00B00000", "READ BINARY that expects nothing"),
        ("00B0000001AA00", "READ BINARY with data"),
        ("00B1000A045402000000", "READ BINARY with its odd instruction"),
        ("00B0A00000", "READ BINARY with bit 6 of P1"),
        ("00B0CA0000", "READ BINARY with bit 7 of P1"),
        ("00B0FF0000", "READ BINARY with all bits of P1"),
        ("00200018", "a retry counter of global reference data"),
        ("002000B8", "a retry counter with bit 6 of P2"),
        ("00200000", "a retry counter of no reference data"),
        ("0020FF98", "a VERIFY that ends what was verified"),
        ("00210098", "VERIFY with its odd instruction"),
        ("0020009800000431323334", "VERIFY with a PIN, in the extended form"),
        ("00C0000000", "GET RESPONSE of nothing"),
        ("04C0000000", "GET RESPONSE with secure messaging"),
        ("00C2000009002000980431323334", "ENVELOPE around a VERIFY"),
        ("0070000001", "MANAGE CHANNEL"),
        ("0022418402", "MANAGE SECURITY ENVIRONMENT"),
        ("803201980431323334", "CHANGE KEY of JICSAP"),
        ("80540098", "UNLOCK KEY of JICSAP"),
        ("80AE00000101", "SET SESSION KEY"),
        ("80FC0000", "the last command of a telephone"),
    ] {
        assert_eq!(state.judge(&command(refused)), Err(Refusal), "{refused}: {why}");
    }
    for cla in [0x01, 0x02, 0x03, 0x04, 0x08, 0x0C, 0x10, 0x40, 0x60, 0x80, 0x84, 0x90, 0xA0, 0xFF]
    {
        let read = CommandApdu::new(cla, 0xB0, 0x8A, 0x00).with_ne(256).unwrap();
        assert_eq!(state.judge(&read), Err(Refusal), "class {cla:02X}");
        assert!(!is_raw(&read), "class {cla:02X}");
    }
}

#[test]
fn extended_length_fields_change_nothing() {
    let mut state = in_jpki();
    state.observe(&command("00A4020C0000020001"), StatusWord::OK);
    for read in ["00B00000000000", "00B00000000001"] {
        assert_eq!(state.judge(&command(read)), Ok(Needs::Scope(Scope::Sign)), "{read}");
    }
    assert_eq!(state.judge(&command("00B0810000FFFF")), Ok(Needs::Scope(Scope::Sign)));
    assert_eq!(state.judge(&command("0020009800000431323334")), Err(Refusal));
}

#[test]
fn developers_may_read_beyond_the_table() {
    for (raw, what) in [
        ("00A4040C0AD3921000310001010100", "an application that is not in the table"),
        ("00A4040C05D392F00026", "a name that is only a prefix"),
        ("00A40000", "SELECT of the master file"),
        ("00B0890000", "a file of which nothing is known"),
        ("00B2010C00", "READ RECORD"),
        ("00CA004500", "GET DATA"),
        ("0084000010", "GET CHALLENGE"),
        ("00200092", "the counter of verification number B"),
    ] {
        assert!(is_raw(&command(raw)), "{raw}: {what}");
    }
}

#[test]
fn the_rest_of_a_raw_response_is_fetched_and_no_other() {
    let rest = command("00C0000000");
    let raw = CardState::after_raw(StatusWord(0x6104));
    assert_eq!(raw.judge(&rest), Ok(Needs::Scope(Scope::RawApdu)));
    assert_eq!(CardState::after_raw(StatusWord::OK).judge(&rest), Err(Refusal));
}

#[test]
fn no_mode_lets_a_page_try_sign_change_or_smuggle() {
    for (refused, why) in [
        ("002000980431323334", "VERIFY"),
        ("0020009800000431323334", "VERIFY in the extended form"),
        ("002100980430303030", "VERIFY with its odd instruction"),
        ("002401980431323334", "CHANGE REFERENCE DATA"),
        ("002C0098", "RESET RETRY COUNTER"),
        ("803201980431323334", "CHANGE KEY of JICSAP"),
        ("80540098", "UNLOCK KEY of JICSAP"),
        ("802A0097015500", "COMPUTE DIGITAL SIGNATURE of the card"),
        ("802A000033", "the same with the default key"),
        ("002A9E9A015500", "COMPUTE DIGITAL SIGNATURE of ISO"),
        ("0088009901AA00", "INTERNAL AUTHENTICATE"),
        ("0082008001AA", "EXTERNAL AUTHENTICATE"),
        ("80A206C101AA", "a part of a certificate"),
        ("00D68A000100", "UPDATE BINARY"),
        ("0070000001", "MANAGE CHANNEL"),
        ("00C2000009002000980431323334", "ENVELOPE"),
        ("00C0000000", "GET RESPONSE, of who knows what"),
        ("10200098023132", "command chaining"),
        ("01B08A0000", "another logical channel"),
        ("08B08A0000", "secure messaging"),
        ("80AE00000101", "SET SESSION KEY"),
    ] {
        assert!(!is_raw(&command(refused)), "{refused}: {why}");
    }
}

#[test]
fn nothing_is_read_while_the_application_is_unknown() {
    assert_eq!(CardState::unknown().judge(&command("00B08A0000")), Err(Refusal));
    assert_eq!(CardState::unknown().judge(&command("00A4020C02000A")), Err(Refusal));
    assert_eq!(CardState::unknown().judge(&command("00200098")), Err(Refusal));
}

#[test]
fn a_selected_file_is_judged_by_its_own_row() {
    let mut state = in_jpki();
    state.observe(&command("00A4020C020001"), StatusWord::OK);
    assert_eq!(state.judge(&command("00B0000000")), Ok(Needs::Scope(Scope::Sign)));
    state.observe(&command("00B08A0000"), StatusWord::OK);
    assert_eq!(state.judge(&command("00B0010000")), Ok(Needs::Scope(Scope::UserCertificate)));
}

#[test]
fn a_failed_select_makes_the_state_unknown() {
    for failed in ["00A4040C0AD392F000260100000001", "00A4020C02000A"] {
        let mut state = in_jpki();
        state.observe(&command(failed), StatusWord::NOT_FOUND);
        assert_eq!(state, CardState::unknown(), "{failed}");
    }
}

#[test]
fn a_fault_of_the_card_makes_the_state_unknown() {
    for fault in [0x6400, 0x6581, 0x66F1, 0x6F00, 0x6FFF].map(StatusWord) {
        let mut state = in_jpki();
        state.observe(&command("00B08A0000"), fault);
        assert_eq!(state, CardState::unknown(), "{fault}");
    }
}

#[test]
fn a_corrected_le_leaves_the_current_file() {
    let needs = Ok(Needs::Scope(Scope::UserCertificate));
    let again = command("00B0000010");
    let mut state = in_jpki();
    state.observe(&command("00A4020C02000A"), StatusWord::OK);
    state.observe(&command("00B0000000"), StatusWord(0x6C10));
    assert_eq!(state.judge(&again), needs);
    // Whether another file became current is not known.
    state.observe(&command("00B08B0000"), StatusWord(0x6C10));
    assert_eq!(state.judge(&again), Err(Refusal));
}

#[test]
fn a_refused_read_leaves_no_current_file() {
    for status in [0x6282, 0x63C2, 0x6982, 0x6986, 0x6B00].map(StatusWord) {
        let mut state = in_jpki();
        state.observe(&command("00A4020C02000A"), StatusWord::OK);
        state.observe(&command("00B0810000"), status);
        assert_eq!(state.judge(&command("00B0000000")), Err(Refusal), "{status}");
    }
}

#[test]
fn a_response_goes_on_under_the_scope_of_its_command() {
    let mut state = in_jpki();
    state.observe(&command("00B0810000"), StatusWord(0x6110));
    assert_eq!(state.judge(&command("00C0000010")), Ok(Needs::Scope(Scope::Sign)));
    state.observe(&command("00C0000010"), StatusWord(0x6104));
    assert_eq!(state.judge(&command("00C0000004")), Ok(Needs::Scope(Scope::Sign)));
    state.observe(&command("00C0000004"), StatusWord::OK);
    assert_eq!(state.judge(&command("00C0000004")), Err(Refusal));
}

#[test]
fn the_rest_of_a_response_is_not_fetched_for_a_command_that_was_not_allowed() {
    let mut state = in_jpki();
    state.observe(&command("802A00970155"), StatusWord(0x6100));
    assert_eq!(state.judge(&command("00C0000000")), Err(Refusal));
}

#[test]
fn the_card_manager_shows_nothing() {
    let mut state = in_jpki();
    state.observe(&Application::CardManager.select(), StatusWord::OK);
    assert_eq!(state.application(), Some(Application::CardManager));
    assert_eq!(state.judge(&command("00B08A0000")), Err(Refusal));
}

#[test]
fn a_guarded_command_leaves_no_current_file() {
    let mut state = in_jpki();
    state.observe(&command("00A4020C02000A"), StatusWord::OK);
    state.observe(&command("002000980431323334"), StatusWord::OK);
    assert_eq!(state.judge(&command("00B0000000")), Err(Refusal));
}

#[test]
fn a_scope_includes_what_is_said_of_it_and_no_other() {
    let certificate = &[Scope::UserCertificate][..];
    let presence_and_certificate = &[Scope::CardPresence, Scope::UserCertificate];
    let all = [
        (Scope::UserCertificate, &[][..]),
        (Scope::Authenticate, certificate),
        (Scope::AuthenticatePinless, certificate),
        (Scope::CardPresence, certificate),
        (Scope::CardFace, presence_and_certificate),
        (Scope::Attributes, &[]),
        (Scope::Events, &[]),
        (Scope::Reader, &[]),
        (Scope::Sign, &[]),
        (Scope::PagePin, &[]),
        (Scope::RawApdu, &[]),
    ];
    for (granted, included) in all {
        let scopes: Scopes = [granted].into_iter().collect();
        for (scope, _) in all {
            let expected = scope == granted || included.contains(&scope);
            assert_eq!(scopes.allow(scope), expected, "{granted:?} allows {scope:?}");
        }
    }
}
