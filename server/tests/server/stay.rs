//! Whose word it is that one card made several signatures: `vectors/verify/stay-cases.json`, which
//! says how to read it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use kazashi_core::codec::Base64;
use kazashi_server::{
    BridgeKey, ExpectedStay, Memory, Method, Outcome, PemSigner, ReceivedSignature, Role,
    SessionStore, StayError, StayName, StayWord, TerminalDesk, TerminalError, TerminalStore, Tie,
    TieError, tie,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::backend::{Backend, on_every_backend};
use crate::noon;
use crate::terminal::KEY;

/// `vectors/verify/stay.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    origin: String,
    stay: String,
    terminal_nonce: String,
    bridges: BTreeMap<String, String>,
    signatures: BTreeMap<String, Signed>,
    words: BTreeMap<String, Base64>,
}

#[derive(Deserialize)]
struct Signed {
    method: Method,
    nonce: String,
    signature: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cases {
    cases: Vec<Case>,
    terminal_cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    code: Option<String>,
    refusal: Option<String>,
    word: Option<String>,
    signatures: Option<Vec<String>>,
    origin: Option<String>,
    bridges: Option<Vec<String>>,
}

impl Case {
    /// Of the cases in this list, the one that a test is named for.
    fn named(list: Vec<Self>, test: &str) -> Self {
        list.into_iter().find(|case| identifier(&case.name) == test).unwrap()
    }

    fn signatures<'v>(&self, vector: &'v Vector, default: &[&str]) -> Vec<ReceivedSignature<'v>> {
        let named = self.signatures.as_ref();
        let names = named.map_or(default.to_vec(), |names| names.iter().map(|it| &**it).collect());
        let signatures = names.iter().map(|name| &vector.signatures[*name]);
        let received = signatures.map(|Signed { method, nonce, signature }| ReceivedSignature {
            method: *method,
            nonce,
            signature: signature.as_bytes(),
        });
        received.collect()
    }

    fn word(&self, vector: &Vector, default: &str) -> Option<StayWord> {
        let word = &vector.words[self.word.as_deref().unwrap_or(default)];
        StayWord::from_bytes(word.as_bytes()).ok()
    }
}

/// Makes a test of each case, by its name; and one that fails when a case has none.
macro_rules! each_case {
    ($list:ident by $check:ident { $($case:ident,)+ }) => {
        mod $list {
            $(
                #[tokio::test]
                async fn $case() {
                    let case = super::Case::named(super::cases().$list, stringify!($case));
                    super::$check(case).await;
                }
            )+

            #[test]
            fn every_case_has_a_test() {
                let cases = super::cases().$list;
                let names: Vec<_> = cases.iter().map(|case| super::identifier(&case.name)).collect();
                assert_eq!(names, [$(stringify!($case)),+]);
            }
        }
    };
}

each_case! {
    cases by judge {
        one_card,
        one_of_two_signatures_asked_about,
        two_tokens_with_two_certificates_of_one_stay,
        each_method,
        sixteen_statements,
        the_same_nonce_signed_twice_by_one_card,
        a_word_with_a_challenge,
        one_of_several_bridges,
        another_card,
        same_nonce_signed_by_two_cards_in_two_stays,
        the_other_stay_s_word_for_the_same_two,
        an_enrolled_bridge_s_word_for_another_stay,
        two_tokens_of_which_one_is_another_card_s,
        another_nonce,
        another_method,
        a_proof_of_the_stay_before_replayed,
        a_word_of_the_stay_before,
        a_word_of_a_new_lease,
        another_origin,
        a_server_of_another_origin,
        a_bridge_that_is_not_enrolled,
        another_bridge_enrolled,
        signed_by_another_than_it_names,
        a_statement_put_in_afterwards,
        seventeen_statements,
        another_version,
        a_method_that_is_none,
        a_word_that_ends_early,
        a_word_that_does_not_end,
        a_beginning_alone,
        no_bytes,
    }
}

each_case! {
    terminal_cases by ask_the_institution {
        the_card_that_was_compared,
        no_card_to_compare,
        another_card_than_the_one_compared,
        a_card_compared_in_the_stay_before,
        no_challenge,
        a_challenge_for_another_nonce,
        another_site_s_word,
        a_bridge_nobody_enrolled,
        a_word_that_its_bridge_did_not_sign,
    }
}

on_every_backend! {
    where_no_bridge_is_enrolled_only_the_page_says_so,
    once_a_bridge_is_enrolled_a_word_is_needed_even_after_it_was_revoked,
}

async fn judge(case: Case) {
    let vector: Vector = read("stay");
    let counter = ["counter".to_owned()];
    let store = Memory::new();
    for name in case.bridges.as_deref().unwrap_or(&counter) {
        enrol(&store, &vector, name).await;
    }
    let signatures = case.signatures(&vector, &["token", "proof"]);
    let origin = case.origin.as_deref().unwrap_or(&vector.origin);
    let expected = ExpectedStay { origin, signatures: &signatures };
    let Some(word) = case.word(&vector, "enrolment") else {
        assert_eq!(case.code.as_deref(), Some("stay-malformed"), "{}", case.name);
        return;
    };
    match tie(&store, Some(&word), &expected).await {
        Ok(Tie::Bridge { stay }) => assert_eq!((stay.to_string(), case.code), (vector.stay, None)),
        Ok(Tie::PageOnly) => panic!("{}", case.name),
        Err(error) => assert_eq!(Some(error.code().as_str()), case.code.as_deref()),
    }
}

async fn ask_the_institution(case: Case) {
    let vector: Vector = read("stay");
    let store = Arc::new(Memory::new());
    enrol(&*store, &vector, "counter").await;
    let guest = store.create_session(noon()).await.unwrap();
    let staff = Role::Desk { account: "staff".to_owned() };
    let session = store.authenticate(&guest, &staff, noon()).await.unwrap();
    let signer = PemSigner::from_pem(KEY).unwrap();
    let desk = TerminalDesk::new(Arc::<Memory>::clone(&store), signer, &*vector.origin);
    let signatures = case.signatures(&vector, &["proof"]);
    let word = case.word(&vector, "challenge").unwrap();
    let signed = desk.sign(&session, &word, &vector.terminal_nonce, &signatures, noon()).await;
    let Err(TerminalError::Refused(refusal)) = signed else { panic!("{signed:?}") };
    // This server gave out no such nonce: that is found last.
    let expected = case.refusal.as_deref().unwrap_or("nonce-not-good");
    assert_eq!(Outcome::Refused(refusal).as_str(), expected);
}

async fn where_no_bridge_is_enrolled_only_the_page_says_so(backend: Backend) {
    let (store, vector) = (backend.open().await, read::<Vector>("stay"));
    let expected = ExpectedStay { origin: &vector.origin, signatures: &[] };
    for word in ["enrolment", "stranger's enrolment", "another origin"] {
        let word = StayWord::from_bytes(vector.words[word].as_bytes()).unwrap();
        assert_eq!(tie(&*store, Some(&word), &expected).await.unwrap(), Tie::PageOnly);
    }
    assert_eq!(tie(&*store, None, &expected).await.unwrap(), Tie::PageOnly);
}

async fn once_a_bridge_is_enrolled_a_word_is_needed_even_after_it_was_revoked(backend: Backend) {
    let (store, vector) = (backend.open().await, read::<Vector>("stay"));
    let expected = ExpectedStay { origin: &vector.origin, signatures: &[] };
    let word = StayWord::from_bytes(vector.words["enrolment"].as_bytes()).unwrap();
    enrol(&*store, &vector, "counter").await;
    let refused = |tied| match tied {
        Err(TieError::Refused(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(tie(&*store, None, &expected).await), StayError::WordMissing);
    let stay = StayName::from_bytes(std::array::from_fn(|byte| byte.try_into().unwrap()));
    assert_eq!(tie(&*store, Some(&word), &expected).await.unwrap(), Tie::Bridge { stay });
    let key = BridgeKey::parse(&vector.bridges["counter"]).unwrap();
    store.revoke_bridge(&key, noon()).await.unwrap();
    assert_eq!(refused(tie(&*store, Some(&word), &expected).await), StayError::BridgeRevoked);
    assert_eq!(refused(tie(&*store, None, &expected).await), StayError::WordMissing);
}

async fn enrol<S: TerminalStore + ?Sized>(store: &S, vector: &Vector, name: &str) {
    let key = BridgeKey::parse(&vector.bridges[name]).unwrap();
    store.enrol_bridge(name, &key, noon()).await.unwrap();
}

fn cases() -> Cases {
    read("stay-cases")
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/verify");
    serde_json::from_slice(&fs::read(format!("{folder}/{name}.json")).unwrap()).unwrap()
}

/// The name of a case as that of a function.
fn identifier(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}
