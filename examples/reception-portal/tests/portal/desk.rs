//! Visitors at the desk, by each road.

use kazashi_core::card::terminal::PROFILE;
use kazashi_core::codec::Base64;
use kazashi_core::value::{Method, Statement, StayWord};
use kazashi_server::{PemSigner, TerminalSigner};
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::server::{Server, vectors};
use crate::{ORIGIN, id};

on_every_backend! {
    a_visitor_is_received_with_the_pin_and_nothing_is_kept_that_was_not_agreed,
    a_card_that_is_remembered_is_received_without_the_pin,
    a_visit_is_recorded_once_however_often_it_is_sent,
    a_card_that_stays_on_the_reader_is_received_once,
    a_visitor_is_received_by_eye,
    nothing_is_signed_for_another_card_than_the_one_compared,
    an_enrolment_that_no_bridge_vouches_for_is_not_stored,
    nothing_is_signed_for_whom_nobody_compared,
    what_a_visitor_agreed_to_is_shown_until_they_say_otherwise,
    a_visitor_is_forgotten_at_their_own_wish,
    whoever_has_no_pin_is_forgotten_after_a_check_by_eye,
    a_card_alone_has_nobody_forgotten,
    a_proof_of_another_page_method_or_session_receives_nobody,
    what_is_no_visit_is_refused,
}

pub(crate) const HANAKO: &str = "1980-02-17";
pub(crate) const HANAKO_FACE: [&str; 3] = [HANAKO, "2035", "2285"];
const TARO_FACE: [&str; 3] = ["1995-02-17", "2035", "7491"];
pub(crate) const VISITS: &str = "/api/desk/visits";

/// A visit with the PIN, of somebody who agrees to these items.
pub(crate) fn with_pin(
    desk: &mut Client,
    card: &Card,
    items: &[&str],
    attributes: &Value,
) -> Value {
    let pin = desk.nonce("pin");
    let mut visit = json!({
        "id": id(),
        "road": "pin",
        "token": card.token(&pin),
        "nonces": { "pin": pin },
        "consent": { "items": items, "remember": false },
    });
    if !attributes.is_null() {
        visit["attributes"] = attributes.clone();
    }
    visit
}

/// A visit with the PIN, by which the card is to be known again.
pub(crate) fn enrolling(desk: &mut Client, card: &Card, birth_date: &str) -> Value {
    let card = &card.again();
    let mut visit = with_pin(desk, card, &[], &Value::Null);
    let presence = desk.nonce("presence");
    visit["proof"] = card.proof(&presence, birth_date);
    visit["word"] = card.word();
    visit["nonces"]["presence"] = json!(presence);
    visit["consent"]["remember"] = json!(true);
    visit
}

/// A visit of somebody who is known.
pub(crate) fn present(desk: &mut Client, card: &Card, birth_date: &str) -> Value {
    let nonce = desk.nonce("presence");
    json!({ "id": id(), "road": "presence", "proof": card.proof(&nonce, birth_date), "nonce": nonce })
}

/// The wish to be forgotten, with the PIN.
pub(crate) fn forgetting(desk: &mut Client, card: &Card) -> Value {
    let nonce = desk.nonce("pin");
    json!({ "id": id(), "road": "pin", "token": card.token(&nonce), "nonce": nonce })
}

pub(crate) const DELETIONS: &str = "/api/desk/deletions";

pub(crate) fn arrival(desk: &mut Client, card: &Card) -> Value {
    let certificate = json!({ "certificate": card.certificate() });
    desk.post("/api/desk/arrivals", &certificate).expect(200)
}

fn a_visitor_is_received_with_the_pin_and_nothing_is_kept_that_was_not_agreed(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let stranger = json!({ "known": false, "enrolled": false, "visits": 0 });
    assert_eq!(arrival(&mut desk, &card), stranger);

    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    let answer = desk.post(VISITS, &visit).expect(201);
    assert_eq!(answer["visit"]["id"], visit["id"]);
    assert_eq!(answer["visit"]["number"], 1);
    assert_eq!(answer["visit"]["road"], "pin");
    assert_eq!(answer["visit"]["returning"], false);
    assert_eq!(answer["receipt"]["read"], json!(["user-certificate", "signature"]));
    assert_eq!(answer["receipt"]["kept"], json!(["visit", "pairwise-identifier"]));
    assert_eq!(answer["receipt"]["revocation"]["status"], "not-checked");
    assert!(answer["receipt"]["revocation"]["because"].is_string());

    let known = arrival(&mut desk, &card);
    assert_eq!((&known["known"], &known["enrolled"]), (&json!(true), &json!(false)));
    assert_eq!(known["visits"], 1);
    assert_eq!(known["lastVisit"], answer["visit"]["at"]);
    assert!(known["birthDate"].is_null());

    let again = with_pin(&mut desk, &card, &[], &Value::Null);
    let answer = desk.post(VISITS, &again).expect(201);
    assert_eq!(answer["visit"]["number"], 2);
    assert_eq!(answer["visit"]["returning"], true);

    // No certificate is stored anywhere, in whichever encoding.
    let dump = backend.dump();
    let certificate = card.certificate();
    let token = visit["token"]["signature"].as_str().unwrap();
    for secret in [&certificate[100..160], &certificate[400..460], &token[..60], HANAKO, "花子"] {
        assert!(!dump.contains(secret), "{secret}");
    }
}

fn a_card_that_is_remembered_is_received_without_the_pin(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let visit = present(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).refused(400, "enrolment-mismatch");

    let visit = enrolling(&mut desk, &hanako, HANAKO);
    let answer = desk.post(VISITS, &visit).expect(201);
    let kept = ["visit", "pairwise-identifier", "card-key-hash", "birth-date"];
    assert_eq!(answer["receipt"]["kept"], json!(kept));
    let known = arrival(&mut desk, &hanako);
    assert_eq!((&known["enrolled"], &known["birthDate"]), (&json!(true), &json!(HANAKO)));

    let visit = present(&mut desk, &hanako, HANAKO);
    let answer = desk.post(VISITS, &visit).expect(201);
    assert_eq!(answer["visit"]["number"], 2);
    assert_eq!(answer["visit"]["returning"], true);
    assert_eq!(answer["visit"]["road"], "presence");
    let read = ["user-certificate", "age-record", "signature"];
    assert_eq!(answer["receipt"]["read"], json!(read));

    // Nobody else's card passes for it, though it brings a copy of the certificate.
    let mut visit = present(&mut desk, &taro, "1995-02-17");
    desk.post(VISITS, &visit).refused(400, "enrolment-mismatch");
    let nonce = desk.nonce("presence");
    visit["proof"] = taro.proof(&nonce, "1995-02-17");
    visit["proof"]["unverifiedCertificate"] = json!(hanako.certificate());
    visit["nonce"] = json!(nonce);
    visit["id"] = json!(id());
    desk.post(VISITS, &visit).refused(400, "enrolment-mismatch");
}

fn a_visit_is_recorded_once_however_often_it_is_sent(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    let answer = desk.post(VISITS, &visit).expect(201);
    // The answer was lost, the nonces are spent; even the server is another one now.
    drop(server);
    let server = Server::start(backend);
    let mut desk = desk.at(server.socket());
    assert_eq!(desk.post(VISITS, &visit).expect(200), answer);
    assert_eq!(desk.post(VISITS, &visit).expect(200), answer);
    let mut other = visit.clone();
    other["consent"]["items"] = json!(["name"]);
    desk.post(VISITS, &other).refused(409, "conflict");
    // Under another id, the nonces are seen to be spent.
    let mut other = visit;
    other["id"] = json!(id());
    desk.post(VISITS, &other).refused(400, "nonce-expired");
    let board = desk.get("/api/board/visits").expect(200);
    assert_eq!(board["total"], 1);
}

fn a_card_that_stays_on_the_reader_is_received_once(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let of_stay = |mut visit: Value, stay: &str| {
        visit["stay"] = json!(stay);
        visit
    };
    let visit = of_stay(enrolling(&mut desk, &card, HANAKO), "the first");
    let first = desk.post(VISITS, &visit).expect(201);
    // A page that was loaded anew, another tab, another browser on this workstation.
    let mut elsewhere = desk.at(other.socket());
    for desk in [&mut desk, &mut elsewhere] {
        let again = of_stay(present(desk, &card, HANAKO), "the first");
        assert_eq!(desk.post(VISITS, &again).expect(200), first);
    }
    // Taken off and put there again, it has another turn.
    let again = of_stay(present(&mut desk, &card, HANAKO), "the second");
    assert_eq!(desk.post(VISITS, &again).expect(201)["visit"]["number"], 2);
    // One that came to nothing was none.
    let mut nobody = of_stay(present(&mut desk, &card, HANAKO), "the third");
    nobody["nonce"] = json!(desk.nonce("presence"));
    desk.post(VISITS, &nobody).refused(400, "signature-mismatch");
    let visit = of_stay(present(&mut desk, &card, HANAKO), "the third");
    assert_eq!(desk.post(VISITS, &visit).expect(201)["visit"]["number"], 3);
    assert!(!backend.dump().contains("the first"));
}

pub(crate) fn check(desk: &mut Client, card: &Card, face: [&str; 3], decision: &str) -> Value {
    let (face_nonce, terminal_nonce) = (desk.nonce("presence"), desk.nonce("terminal"));
    json!({
        "id": id(),
        "face": card.face(&face_nonce, face),
        "faceNonce": face_nonce,
        "terminalNonce": terminal_nonce,
        "decision": decision,
        "code": "correct horse",
    })
}

/// A visit for which the institution signs, after this check.
pub(crate) fn by_eye(desk: &mut Client, card: &Card, check: &Value) -> Value {
    let nonce = check["terminalNonce"].as_str().unwrap();
    let token = card.terminal_token(nonce, &mut |word| {
        let answer = desk.post(SIGN, &for_signature(check, word)).expect(200);
        serde_json::from_value(answer["signature"].clone()).unwrap()
    });
    json!({ "id": id(), "road": "visual", "nonce": nonce, "token": token, "check": check["id"] })
}

/// The request that the institution sign the challenge in this word, after this check.
pub(crate) fn for_signature(check: &Value, word: &Value) -> Value {
    json!({
        "nonce": check["terminalNonce"],
        "word": word,
        "faceNonce": check["faceNonce"],
        "face": check["face"],
    })
}

pub(crate) const CHECKS: &str = "/api/desk/checks";
pub(crate) const SIGN: &str = "/api/desk/terminal-signature";

fn a_visitor_is_received_by_eye(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let compared = check(&mut desk, &card, HANAKO_FACE, "match");
    let answer = desk.post(CHECKS, &compared).expect(201);
    assert_eq!(answer["check"]["id"], compared["id"]);
    assert_eq!(answer["check"]["decision"], "match");
    assert_eq!(desk.post(CHECKS, &compared).expect(200), answer);

    let visit = by_eye(&mut desk, &card, &compared);
    let answer = desk.post(VISITS, &visit).expect(201);
    assert_eq!(answer["visit"]["road"], "visual");
    let read = ["user-certificate", "card-face", "signature"];
    assert_eq!(answer["receipt"]["read"], json!(read));
    assert_eq!(answer["receipt"]["kept"], json!(["visit", "pairwise-identifier", "check"]));
    assert_eq!(desk.post(VISITS, &visit).expect(200), answer);
    let board = desk.get("/api/board/visits").expect(200);
    assert_eq!(board["visits"][0]["checkedBy"], "staff");
    assert_eq!(board["visits"][0]["decision"], "match");
    // What the check knew of the card is gone.
    assert_eq!(board["total"], 1);
    let mut again = visit;
    again["id"] = json!(id());
    desk.post(VISITS, &again).refused(403, "forbidden");
}

fn nothing_is_signed_for_whom_nobody_compared(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    // The word of its own bridge, for the card that was compared.
    let refused = |desk: &mut Client, check: &Value| {
        let nonce = check["terminalNonce"].as_str().unwrap();
        hanako.terminal_token(nonce, &mut |word| {
            desk.post(SIGN, &for_signature(check, word)).refused(403, "terminal-not-signed");
            signed_elsewhere(word, nonce)
        })
    };
    let unknown = check(&mut desk, &hanako, HANAKO_FACE, "match");
    refused(&mut desk, &unknown);

    let different = check(&mut desk, &hanako, HANAKO_FACE, "no-match");
    desk.post(CHECKS, &different).expect(201);
    refused(&mut desk, &different);

    // A match is for its nonce, and its session.
    let compared = check(&mut desk, &hanako, HANAKO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let mut for_another = compared.clone();
    for_another["terminalNonce"] = json!(desk.nonce("terminal"));
    refused(&mut desk, &for_another);
    let mut other = server.guest();
    other.sign_in("staff", "correct horse").expect(200);
    refused(&mut other, &compared);

    // A face that is not genuine, or was shown to somebody else, is no match.
    let mut forged = check(&mut desk, &hanako, HANAKO_FACE, "match");
    let taros = check(&mut desk, &taro, TARO_FACE, "match");
    forged["face"]["photoDigest"] = taros["face"]["photoDigest"].clone();
    desk.post(CHECKS, &forged).refused(400, "card-record-forged");
    let mut elsewhere = check(&mut desk, &hanako.elsewhere(), HANAKO_FACE, "match");
    desk.post(CHECKS, &elsewhere).refused(400, "signature-mismatch");
    elsewhere["faceNonce"] = json!("short");
    elsewhere["id"] = json!(id());
    desk.post(CHECKS, &elsewhere).refused(400, "nonce-malformed");

    // Where the visitor is enrolled, it must be their card that was compared.
    let visit = enrolling(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    desk.post(CHECKS, &taros).expect(201);
    let token = refused(&mut desk, &taros);
    let (nonce, check) = (&taros["terminalNonce"], &taros["id"]);
    let visit =
        json!({ "id": id(), "road": "visual", "nonce": nonce, "token": token, "check": check });
    desk.post(VISITS, &visit).refused(400, "enrolment-mismatch");
}

/// One card's face is compared, and then another card is to be unlocked: the bridge's word names the
/// signatures of the card that is there, whatever the page brings with it.
fn nothing_is_signed_for_another_card_than_the_one_compared(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let compared = check(&mut desk, &hanako, HANAKO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let nonce = compared["terminalNonce"].as_str().unwrap();
    let face_nonce = compared["faceNonce"].as_str().unwrap();
    let mut taros = compared.clone();
    taros["face"] = taro.face(face_nonce, TARO_FACE);
    // Taro's card signed the nonce of the face as well; its own face was not compared.
    for check in [&compared, &taros] {
        taro.terminal_token(nonce, &mut |word| {
            desk.post(SIGN, &for_signature(check, word)).refused(403, "terminal-not-signed");
            signed_elsewhere(word, nonce)
        });
    }
    // Hanako's own, but of the stay before.
    let stay_before = hanako.again();
    stay_before.terminal_token(nonce, &mut |word| {
        desk.post(SIGN, &for_signature(&compared, word)).refused(403, "terminal-not-signed");
        signed_elsewhere(word, nonce)
    });
    let visit = by_eye(&mut desk, &hanako, &compared);
    // Nor does another card pass for it that its holder's PIN unlocked.
    let mut passed_off = visit.clone();
    passed_off["id"] = json!(id());
    passed_off["token"] = taro.token(nonce);
    desk.post(VISITS, &passed_off).refused(400, "signature-mismatch");
    desk.post(VISITS, &visit).expect(201);
}

/// Token and proof are good each, and of two cards or two stays.
fn an_enrolment_that_no_bridge_vouches_for_is_not_stored(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let hanako = Card::hanako();
    let visit = enrolling(&mut desk, &hanako, HANAKO);
    let mut without = visit.clone();
    without.as_object_mut().unwrap().remove("word");
    desk.post(VISITS, &without).refused(400, "stay-malformed");
    let mut of_another_stay = visit.clone();
    of_another_stay["word"] = enrolling(&mut desk, &hanako, HANAKO)["word"].clone();
    desk.post(VISITS, &of_another_stay).refused(400, "stay-nonce-mismatch");
    let mut swapped = visit.clone();
    let presence = visit["nonces"]["presence"].as_str().unwrap();
    swapped["proof"] = hanako.again().proof(presence, HANAKO);
    swapped["word"] = {
        let two = hanako.again();
        two.token(visit["nonces"]["pin"].as_str().unwrap());
        two.word()
    };
    desk.post(VISITS, &swapped).refused(400, "stay-nonce-mismatch");
    let known = arrival(&mut desk, &hanako);
    assert_eq!(known["enrolled"], false);
    // None of this spent the nonces: nothing was recorded.
    desk.post(VISITS, &visit).expect(201);
    assert_eq!(arrival(&mut desk, &hanako)["enrolled"], true);
}

/// The institution's signature by somebody who has its key, without the portal.
fn signed_elsewhere(word: &Value, nonce: &str) -> Base64 {
    let word: StayWord = serde_json::from_value(word.clone()).unwrap();
    let challenge = word.testimony().challenge.as_ref().unwrap().for_nonce(nonce).unwrap();
    let statement = Statement::new(Method::Terminal, ORIGIN, nonce);
    let signer = PemSigner::from_file(vectors().join("keys/terminal.pem")).unwrap();
    signer.sign(&(PROFILE.to_be_signed)(challenge, &statement)).unwrap().into()
}

fn what_a_visitor_agreed_to_is_shown_until_they_say_otherwise(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let attributes = json!({
        "name": "番号　花子", "birthDate": HANAKO, "sex": "female", "integrity": "genuine",
    });
    let items = ["name", "birthDate", "sex"];
    let visit = with_pin(&mut desk, &card, &items, &attributes);
    let answer = desk.post(VISITS, &visit).expect(201);
    let kept = ["visit", "pairwise-identifier", "name", "birth-date", "sex"];
    assert_eq!(answer["receipt"]["kept"], json!(kept));
    let read = ["user-certificate", "signature", "name", "address", "birth-date", "sex"];
    assert_eq!(answer["receipt"]["read"], json!(read));
    let board = desk.post("/api/board/search", &json!({ "name": "花" })).expect(200);
    assert_eq!(board["visits"][0]["attributes"], attributes);
    let board = desk.post("/api/board/search", &json!({ "name": "%" })).expect(200);
    assert_eq!(board["total"], 0);

    // What was not agreed to, or cannot be, is not taken.
    for (items, attributes) in [
        (json!([]), json!({ "name": "番号　花子", "integrity": "genuine" })),
        (json!(["name"]), json!({ "address": "東京都", "integrity": "genuine" })),
        (json!(["name"]), json!({ "name": "x\u{7}", "integrity": "genuine" })),
        (json!(["name"]), json!({ "name": "x".repeat(1001), "integrity": "genuine" })),
        (json!(["sex"]), json!({ "sex": "F", "integrity": "genuine" })),
        (json!(["birthDate"]), json!({ "birthDate": "19800217", "integrity": "genuine" })),
        (json!(["name"]), json!({ "name": "x", "integrity": "fine" })),
        (json!(["name"]), json!({ "name": "x" })),
        (json!(["photo"]), json!({ "integrity": "genuine" })),
        (json!(["name"]), json!({ "name": "x", "integrity": "genuine", "photo": "x" })),
    ] {
        let mut visit = with_pin(&mut desk, &card, &[], &attributes);
        visit["consent"]["items"] = items;
        desk.post(VISITS, &visit).refused(400, "invalid");
    }
    let mut visit = enrolling(&mut desk, &card, HANAKO);
    visit["consent"]["items"] = json!(["birthDate"]);
    visit["attributes"] = json!({ "birthDate": "1980-02-18", "integrity": "genuine" });
    desk.post(VISITS, &visit).refused(400, "invalid");

    // The next time they agree to nothing.
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).expect(201);
    let board = desk.get("/api/board/visits").expect(200);
    assert_eq!(board["total"], 2);
    assert!(board["visits"].as_array().unwrap().iter().all(|visit| visit["attributes"].is_null()));
}

fn a_visitor_is_forgotten_at_their_own_wish(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let mut visit = enrolling(&mut desk, &hanako, HANAKO);
    visit["consent"]["items"] = json!(["name"]);
    visit["attributes"] = json!({ "name": "番号　花子", "integrity": "genuine" });
    desk.post(VISITS, &visit).expect(201);
    let visit = present(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let visit = with_pin(
        &mut desk,
        &taro,
        &["name"],
        &json!({ "name": "番号　太郎", "integrity": "genuine" }),
    );
    desk.post(VISITS, &visit).expect(201);

    let deletion = forgetting(&mut desk, &hanako);
    let answer = desk.post(DELETIONS, &deletion).expect(201);
    let counts = |answer: &Value| {
        let deleted = &answer["deleted"];
        (deleted["visits"].as_i64().unwrap(), deleted["enrolment"].as_bool().unwrap())
    };
    assert_eq!(counts(&answer), (2, true));
    assert_eq!(counts(&desk.post(DELETIONS, &deletion).expect(200)), (2, true));
    let stranger = json!({ "known": false, "enrolled": false, "visits": 0 });
    assert_eq!(arrival(&mut desk, &hanako), stranger);
    let board = desk.get("/api/board/visits").expect(200);
    assert_eq!(board["total"], 3);
    let named = board["visits"].as_array().unwrap().iter().filter(|it| !it["attributes"].is_null());
    assert_eq!(named.count(), 1);
    if let Backend::Postgres { .. } = backend {
        assert!(!backend.dump().contains("番号　花子"));
    }

    // With the PIN, where nothing is enrolled.
    let deletion = forgetting(&mut desk, &taro);
    let answer = desk.post(DELETIONS, &deletion).expect(201);
    assert_eq!(counts(&answer), (1, false));
    let mut other = deletion;
    other["id"] = json!(id());
    desk.post(DELETIONS, &other).refused(400, "nonce-expired");
    // Nothing is left to forget.
    let deletion = forgetting(&mut desk, &hanako);
    assert_eq!(counts(&desk.post(DELETIONS, &deletion).expect(201)), (0, false));
}

fn whoever_has_no_pin_is_forgotten_after_a_check_by_eye(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let visit = enrolling(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let different = check(&mut desk, &hanako, HANAKO_FACE, "no-match");
    desk.post(CHECKS, &different).expect(201);
    let compared = check(&mut desk, &hanako, HANAKO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let deletion = by_eye(&mut desk, &hanako, &compared);
    for (field, other) in [("check", &different["id"]), ("check", &json!(id()))] {
        let mut deletion = deletion.clone();
        deletion[field] = other.clone();
        deletion["id"] = json!(id());
        desk.post(DELETIONS, &deletion).refused(403, "forbidden");
    }
    // The nonce is of this session while that lasts.
    let mut other = server.guest();
    other.sign_in("staff", "correct horse").expect(200);
    other.post(DELETIONS, &deletion).refused(400, "nonce-expired");
    let answer = desk.post(DELETIONS, &deletion).expect(201);
    assert_eq!(answer["deleted"]["enrolment"], true);
    assert_eq!(arrival(&mut desk, &hanako)["known"], false);
    // It served for that, and for nothing else.
    let mut visit = deletion;
    visit["id"] = json!(id());
    desk.post(VISITS, &visit).refused(403, "forbidden");
    let compared = check(&mut desk, &taro, TARO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let deletion = by_eye(&mut desk, &taro, &compared);
    assert_eq!(desk.post(DELETIONS, &deletion).expect(201)["deleted"]["visits"], 0);
}

/// Whoever finds a card has it, and not its PIN, nor its face.
fn a_card_alone_has_nobody_forgotten(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let hanako = Card::hanako();
    let visit = enrolling(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let deletion = present(&mut desk, &hanako, HANAKO);
    desk.post(DELETIONS, &deletion).refused(400, "invalid");
    assert_eq!(arrival(&mut desk, &hanako)["enrolled"], true);
}

fn a_proof_of_another_page_method_or_session_receives_nobody(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = with_pin(&mut desk, &card.elsewhere(), &[], &Value::Null);
    desk.post(VISITS, &visit).refused(400, "signature-mismatch");

    let mut visit = with_pin(&mut desk, &card, &[], &Value::Null);
    let nonce = desk.nonce("presence");
    visit["token"] = card.token(&nonce);
    visit["nonces"]["pin"] = json!(nonce);
    desk.post(VISITS, &visit).refused(400, "nonce-expired");

    let mut other = server.guest();
    other.sign_in("staff", "correct horse").expect(200);
    let visit = with_pin(&mut other, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).refused(400, "nonce-expired");
    // Nor could the other spoil it.
    other.post(VISITS, &visit).expect(201);

    // Two nonces, of which one is spent: the other is not.
    let visit = enrolling(&mut desk, &card, HANAKO);
    let mut spoilt = visit.clone();
    spoilt["id"] = json!(id());
    spoilt["nonces"]["presence"] = json!(other.nonce("presence"));
    desk.post(VISITS, &spoilt).refused(400, "signature-mismatch");
    desk.post(VISITS, &visit).expect(201);

    let mut guest = server.guest();
    guest.post(VISITS, &visit).refused(401, "signed-out");
    guest.post("/api/nonces", &json!({ "methods": ["pin"] })).refused(401, "signed-out");
}

fn what_is_no_visit_is_refused(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    let altered = |change: fn(&mut Value)| {
        let mut visit = visit.clone();
        change(&mut visit);
        visit
    };
    for visit in [
        json!({}),
        json!([]),
        json!(null),
        altered(|visit| visit["id"] = json!("1")),
        altered(|visit| visit["id"] = json!(1)),
        altered(|visit| visit["road"] = json!("stairs")),
        altered(|visit| visit["more"] = json!(1)),
        altered(|visit| visit["consent"]["remember"] = json!(true)),
        altered(|visit| visit["consent"]["more"] = json!(true)),
        altered(|visit| visit["nonces"]["presence"] = json!("x")),
        altered(|visit| visit["proof"] = json!({})),
        altered(|visit| drop(visit.as_object_mut().unwrap().remove("token"))),
    ] {
        desk.post(VISITS, &visit).refused(400, "invalid");
    }
    let token = altered(|visit| visit["token"] = json!("x"));
    desk.post(VISITS, &token).refused(400, "token-malformed");
    let long = json!({ "id": id(), "road": "pin", "token": "x".repeat(70_000) });
    desk.post(VISITS, &long).refused(413, "too-large");
    let text = desk.send("POST", VISITS, Some(("text/plain", visit.to_string().as_bytes())));
    text.refused(415, "invalid");
    let certificate = json!({ "certificate": "MAA=" });
    desk.post("/api/desk/arrivals", &certificate).refused(400, "certificate-malformed");
    // It was good all the time.
    desk.post(VISITS, &visit).expect(201);
}

#[test]
fn an_expired_certificate_receives_nobody() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut desk = server.staff(&backend);
    let card = Card::of(kazashi_emulator::Variant::Expired);
    let certificate = json!({ "certificate": card.certificate() });
    desk.post("/api/desk/arrivals", &certificate).refused(400, "certificate-expired");
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).refused(400, "certificate-expired");
}

#[test]
fn a_desk_that_asks_about_too_many_certificates_waits() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut desk = server.staff(&backend);
    let certificate = json!({ "certificate": "MAA=" });
    let mut statuses = (0..90).map(|_| desk.post("/api/desk/arrivals", &certificate).status);
    assert!(statuses.any(|status| status == 429));
}
