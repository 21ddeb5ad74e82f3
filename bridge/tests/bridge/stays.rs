//! Stays: the name of each, and the bridge's word for what one card signed in one of them.

use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use kazashi_core::codec::Hex;
use kazashi_core::value::{Method, SignedStatement, StayWord};
use kazashi_emulator::{Image, Variant, folder};
use kazashi_server::{
    BridgeKey, ExpectedStay, Memory, ReceivedSignature, StayError, TerminalStore, Tie, TieError,
    tie,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Bridge, NONCE, ORIGIN, PRESENCE, PROGRAM, Page, folder_with, grant, stdout};

const OTHER_NONCE: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
/// Signs in with the PIN and shows that the card is there, as an enrolment does.
const PORTAL: &str = "https://enrolment.example";
const ELSEWHERE: &str = "https://elsewhere.example";

/// A bridge for which enrolments can be made at two origins, with two cards to swap.
fn desk() -> Bridge {
    desk_in(&desk_folder())
}

fn desk_folder() -> Arc<TempDir> {
    let scopes = r#""events", "authenticate", "page-pin", "card-presence""#;
    let folder = folder_with(&[grant(PORTAL, scopes), grant(ELSEWHERE, scopes)].concat());
    for (name, variant) in [("card", Variant::Normal), ("taro", Variant::AnotherPerson)] {
        folder::write(folder.path().join(name), &Image::of(variant)).unwrap();
    }
    folder
}

fn desk_in(folder: &Arc<TempDir>) -> Bridge {
    Bridge::serve(Arc::clone(folder), |serve| {
        serve.args(["--port", "0", "--virtual-card"]).arg(folder.path().join("card"));
    })
}

#[test]
fn a_stay_has_one_name_for_all_pages_and_it_is_never_used_again() {
    let mut bridge = desk();
    let (mut page, mut other) = (bridge.page(PORTAL), bridge.page(ELSEWHERE));
    assert_eq!(page.ask(json!({ "type": "watch" }))["type"], "readers");
    let name = insertion(&mut page).unwrap();
    assert_eq!(name.len(), 32);
    assert_eq!(insertion(&mut other).as_ref(), Some(&name));
    assert_eq!(insertion(&mut bridge.page(PORTAL)), Some(name.clone()));

    bridge.tell("remove");
    assert_eq!(page.read()["type"], "card-removed");
    assert_eq!(insertion(&mut other), None);
    bridge.tell("insert");
    let told = page.read();
    let again = insertion(&mut other).unwrap();
    assert_eq!(told["reader"]["insertion"], again);
    assert_ne!(again, name);
}

#[test]
fn names_of_stays_are_for_those_who_are_told_of_cards() {
    let bridge = Bridge::start();
    assert_eq!(insertion(&mut bridge.page(PRESENCE)), None);
    assert!(insertion(&mut bridge.page(ORIGIN)).is_some());
}

#[test]
fn a_reader_keeps_its_identifier_over_a_restart_and_has_another_for_each_origin() {
    let folder = desk_folder();
    let bridge = desk_in(&folder);
    let [here, there] = [PORTAL, ELSEWHERE].map(|origin| bridge.page(origin).reader());
    assert_ne!(here, there);
    let mut page = bridge.page(PORTAL);
    let of_another = page.try_to_acquire(&there.clone().into()).unwrap_err();
    assert_eq!(of_another["code"], "unknown-reader");
    drop(bridge);
    let bridge = desk_in(&folder);
    assert_eq!([PORTAL, ELSEWHERE].map(|origin| bridge.page(origin).reader()), [here, there]);
}

#[test]
fn the_bridge_vouches_for_what_this_card_signed_in_this_stay() {
    let bridge = desk();
    let mut page = bridge.page(PORTAL);
    let lease = page.acquire();
    assert_eq!(page.vouch(&lease).testimony().statements, []);
    let [token, proof] = enrol(&mut page, &lease);
    let word = page.vouch(&lease);
    assert!(is_signed_by(&bridge, &word));
    assert!(word.is_for_origin(PORTAL));
    assert_eq!(Some(word.testimony().stay.to_string()), insertion(&mut page));
    let expected = [
        SignedStatement::new(Method::Pin, NONCE, &token),
        SignedStatement::new(Method::Presence, NONCE, &proof),
    ];
    assert_eq!(word.testimony().statements, expected);
    assert!(word.testimony().challenge.is_none());
}

#[test]
fn nothing_is_vouched_for_to_a_page_that_may_have_nothing_signed() {
    let bridge = Bridge::with(&grant(PORTAL, r#""events", "user-certificate""#));
    let mut page = bridge.page(PORTAL);
    let lease = page.acquire();
    let refused = page.ask(json!({ "type": "vouch", "lease": lease }));
    assert_eq!(refused["code"], "not-permitted");
}

#[test]
fn a_lease_that_passes_on_starts_an_empty_list() {
    let bridge = desk();
    let mut page = bridge.page(PORTAL);
    let lease = page.acquire();
    enrol(&mut page, &lease);
    let (reader, mut heir) = (page.reader(), bridge.page(PORTAL));
    let taken = json!({ "type": "acquire", "reader": reader, "expected": lease });
    let heirs = heir.ask(taken)["lease"].as_str().unwrap().to_owned();
    assert_eq!(heir.vouch(&heirs).testimony().statements, []);
    enrol(&mut heir, &heirs);
    assert_eq!(heir.vouch(&heirs).testimony().statements.len(), 2);
    assert_eq!(heir.ask(json!({ "type": "release", "lease": heirs }))["type"], "released");
    let anew = heir.acquire();
    assert_eq!(heir.vouch(&anew).testimony().statements, []);
}

#[test]
fn more_than_sixteen_statements_are_not_vouched_for_rather_than_some_of_them() {
    let bridge = desk();
    let mut page = bridge.page(PORTAL);
    let lease = page.acquire();
    for _ in 0..StayWord::MAX_STATEMENTS {
        prove_presence(&mut page, &lease, NONCE);
    }
    assert_eq!(page.vouch(&lease).testimony().statements.len(), 16);
    prove_presence(&mut page, &lease, NONCE);
    let refused = page.ask(json!({ "type": "vouch", "lease": lease }));
    assert_eq!(refused["code"], "too-many-statements");
}

/// Whose bridge is enrolled, and what it is told in place of one card's token and proof.
#[tokio::test]
async fn a_page_that_was_taken_over_is_refused_whatever_it_brings() {
    let ([other_token, other_proof], of_another_bridge) = {
        let bridge = desk();
        let mut page = bridge.page(PORTAL);
        let lease = page.acquire();
        (enrol(&mut page, &lease), page.vouch(&lease))
    };
    let mut bridge = desk();
    let server = Memory::new();
    let mut page = bridge.page(PORTAL);
    assert_eq!(page.ask(json!({ "type": "watch" }))["type"], "readers");

    let lease = page.acquire();
    let earlier = prove_presence(&mut page, &lease, OTHER_NONCE);
    let [token, proof] = enrol(&mut page, &lease);
    let hanakos = page.vouch(&lease);
    // Where no bridge is enrolled the result says whose word it is.
    let honest = [pin(NONCE, &token), presence(NONCE, &proof)];
    assert_eq!(judge(&server, &hanakos, &honest).await, Ok(Tie::PageOnly));
    server.enrol_bridge("desk 1", &key_of(&bridge), SystemTime::now()).await.unwrap();
    let tied = Ok(Tie::Bridge { stay: hanakos.testimony().stay });
    assert_eq!(judge(&server, &hanakos, &honest).await, tied);

    let image = bridge.path("taro");
    bridge.tell(&format!("swap {}", image.display()));
    while page.read()["type"] != "card-inserted" {}
    let lease = page.acquire();
    let [strangers_token, strangers_proof] = enrol(&mut page, &lease);
    let taros = page.vouch(&lease);
    assert_ne!(taros.testimony().stay, hanakos.testimony().stay);

    let mut elsewhere = bridge.page(ELSEWHERE);
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    let lease = elsewhere.acquire_when_there();
    let theirs = enrol(&mut elsewhere, &lease);
    let for_others = elsewhere.vouch(&lease);
    let [token_for_others, proof_for_others] = &theirs;

    let forged = {
        let mut bytes = hanakos.to_bytes().to_vec();
        // The digest of the origin lies behind tag and key.
        bytes[15 + 32] ^= 1;
        StayWord::from_bytes(&bytes).unwrap()
    };

    for (what, word, signatures, refusal) in [
        (
            "the same nonces signed by two cards in two stays",
            &hanakos,
            [pin(NONCE, &token), presence(NONCE, &strangers_proof)],
            StayError::CardMismatch,
        ),
        (
            "the word of the other stay",
            &taros,
            [pin(NONCE, &strangers_token), presence(NONCE, &proof)],
            StayError::CardMismatch,
        ),
        ("another stay's word for both", &taros, honest, StayError::CardMismatch),
        (
            "a proof of the stay before",
            &taros,
            [pin(NONCE, &strangers_token), presence(OTHER_NONCE, &earlier)],
            StayError::NonceMismatch,
        ),
        (
            "a signature for another nonce",
            &hanakos,
            [pin(OTHER_NONCE, &token), presence(NONCE, &proof)],
            StayError::NonceMismatch,
        ),
        (
            "one signature in the other's place",
            &hanakos,
            [presence(NONCE, &token), pin(NONCE, &proof)],
            StayError::CardMismatch,
        ),
        (
            "what was signed for another site",
            &for_others,
            [pin(NONCE, token_for_others), presence(NONCE, proof_for_others)],
            StayError::OriginMismatch,
        ),
        ("a word that was changed", &forged, honest, StayError::SignatureMismatch),
        (
            "the word of a bridge that nobody enrolled",
            &of_another_bridge,
            [pin(NONCE, &other_token), presence(NONCE, &other_proof)],
            StayError::BridgeNotEnrolled,
        ),
    ] {
        assert_eq!(judge(&server, word, &signatures).await, Err(refusal), "{what}");
    }
    server.revoke_bridge(&key_of(&bridge), SystemTime::now()).await.unwrap();
    let revoked = Err(StayError::BridgeRevoked);
    assert_eq!(judge(&server, &hanakos, &honest).await, revoked);
}

/// What the relying party's server says of a word and the signatures that came with it.
async fn judge(
    server: &Memory,
    word: &StayWord,
    signatures: &[ReceivedSignature<'_>],
) -> Result<Tie, StayError> {
    let expected = ExpectedStay { origin: PORTAL, signatures };
    match tie(server, Some(word), &expected).await {
        Ok(tie) => Ok(tie),
        Err(TieError::Refused(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

fn pin<'a>(nonce: &'a str, signature: &'a [u8]) -> ReceivedSignature<'a> {
    ReceivedSignature { method: Method::Pin, nonce, signature }
}

fn presence<'a>(nonce: &'a str, signature: &'a [u8]) -> ReceivedSignature<'a> {
    ReceivedSignature { method: Method::Presence, nonce, signature }
}

/// What a token and a presence proof hold, both over the same nonce.
fn enrol(page: &mut Page, lease: &str) -> [Vec<u8>; 2] {
    let signed = page.sign(lease, json!({ "value": "1234" }));
    [signature(&signed), prove_presence(page, lease, NONCE)]
}

fn prove_presence(page: &mut Page, lease: &str, nonce: &str) -> Vec<u8> {
    let key = "card-surface";
    let request = json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": nonce });
    signature(&page.ask(request))
}

fn signature(answer: &Value) -> Vec<u8> {
    let signature = answer["signature"].as_str().unwrap_or_else(|| panic!("{answer}"));
    Hex::decode(signature).unwrap().as_bytes().to_vec()
}

/// The name of the stay on the first reader, as this page is told.
fn insertion(page: &mut Page) -> Option<String> {
    let readers = page.ask(json!({ "type": "list-readers" }));
    readers["readers"][0]["insertion"].as_str().map(str::to_owned)
}

/// The key that an administrator enrols.
fn key_of(bridge: &Bridge) -> BridgeKey {
    let mut enrol = Command::new(PROGRAM);
    let printed = enrol.args(["enrol", "--state"]).arg(bridge.path("state")).output().unwrap();
    BridgeKey::parse(stdout(&printed).trim()).unwrap()
}

/// Whether a word is that of this bridge.
pub(crate) fn is_signed_by(bridge: &Bridge, word: &StayWord) -> bool {
    let key = STANDARD.decode(key_of(bridge).to_string()).unwrap();
    let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let (signed, signature) = word.signed();
    key.verify(signed, &Signature::from_slice(signature).unwrap()).is_ok()
}
