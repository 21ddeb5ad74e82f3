//! Without either proof the key of user authentication never signs: neither by any order of
//! commands nor by any that are left out. A model beside the card says when it may.

use std::sync::LazyLock;

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Card, Image};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rand_core::OsRng;
use rsa::RsaPrivateKey;

use crate::support::commands::{
    EXTERNAL_AUTHENTICATE, command, digest_info, load_commands, response, send,
};
use crate::support::vectors::{cv_certificate, private_key};

proptest! {
    #[test]
    fn the_key_signs_after_its_pin_or_for_the_terminals_statement_only(acts in acts()) {
        CardAndModel::new().perform_all(&acts);
    }
}

#[test]
fn many_of_these_sequences_reach_a_signature_in_either_way() {
    let mut runner = TestRunner::deterministic();
    let tallies: Vec<_> = (0..200)
        .map(|_| CardAndModel::new().perform_all(&acts().new_tree(&mut runner).unwrap().current()))
        .collect();
    let reached = [
        |tally: &Tally| tally.by_pin,
        |tally: &Tally| tally.by_terminal,
        |tally: &Tally| tally.refused,
        |tally: &Tally| tally.refused_with_permission,
    ]
    .map(|times| tallies.iter().filter(|tally| times(tally) > 0).count());
    println!("by PIN, by terminal, refused, refused with a permission: {reached:?} of 200");
    assert!(reached.into_iter().all(|sequences| sequences >= 40), "{reached:?}");
}

/// One thing that is done with a card.
#[derive(Clone, Copy, Debug)]
enum Act {
    Select(Place),
    SelectEf(u16),
    PresentPin { right: bool },
    LoadBody(Certificate),
    LoadSignature(Certificate),
    GetChallenge { length: u8 },
    Authenticate { by: Key, statement: Statement, to: Challenge },
    Sign(Signature),
    SignWithOtherKey,
    ReadProtected,
    Reset,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    CardManager,
    Jpki,
    CardSurface,
    /// There is none of this name.
    Nowhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certificate {
    Intermediate,
    Terminal,
    ForeignIntermediate,
    ForeignTerminal,
    MisnamedIssuer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Authority,
    Intermediate,
    Terminal,
    Foreign,
}

impl Place {
    fn select(self) -> &'static [u8] {
        match self {
            Self::CardManager => b"\x00\xA4\x04\x0C\x07\xA0\x00\x00\x01\x51\x00\x00",
            Self::Jpki => b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01",
            Self::CardSurface => b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x02",
            Self::Nowhere => b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x01",
        }
    }
}

/// Two statements suffice to take one for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statement {
    First,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    Last,
    OneBefore,
}

impl Challenge {
    fn back(self) -> usize {
        match self {
            Self::Last => 1,
            Self::OneBefore => 2,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Signature {
    p1: u8,
    p2: u8,
    statement: Statement,
}

/// Ceremonies, whole and in parts, of which now and then something is left out.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let part = prop_oneof![
        3 => act().prop_map(|act| vec![act]),
        2 => Just(vec![Act::Select(Place::Jpki), Act::PresentPin { right: true }]),
        3 => chain(),
        3 => authentication(),
        6 => ceremony(),
        3 => signature().prop_map(|signature| vec![Act::Sign(signature)]),
    ];
    let parts = vec(part, 1..10).prop_map(|parts| parts.concat());
    let kept = vec(prop::bool::weighted(0.97), 100);
    (parts, kept).prop_map(|(acts, kept)| {
        acts.into_iter().zip(kept).filter_map(|(act, kept)| kept.then_some(act)).collect()
    })
}

fn chain() -> impl Strategy<Value = Vec<Act>> {
    let certificates = prop_oneof![
        12 => Just(vec![Certificate::Intermediate, Certificate::Terminal]),
        1 => vec(certificate(), 1..4),
    ];
    certificates.prop_map(|certificates| {
        let loads =
            certificates.into_iter().flat_map(|one| [Act::LoadBody(one), Act::LoadSignature(one)]);
        [Act::Select(Place::Jpki), Act::SelectEf(0x0016)].into_iter().chain(loads).collect()
    })
}

/// What a terminal does, with something in between that may undo it.
fn ceremony() -> impl Strategy<Value = Vec<Act>> {
    (interruption(), chain(), authenticate(), interruption(), signature()).prop_map(
        |(first, chain, authenticate, second, signature)| {
            let challenge = vec![Act::GetChallenge { length: 32 }];
            let rest = vec![Act::Sign(signature)];
            [challenge, first, chain, vec![authenticate], second, rest].concat()
        },
    )
}

fn interruption() -> impl Strategy<Value = Vec<Act>> {
    let elsewhere = select(&[Place::CardManager, Place::CardSurface, Place::Nowhere][..]);
    prop_oneof![
        12 => Just(vec![]),
        2 => elsewhere.prop_map(|place| vec![Act::Select(place), Act::Select(Place::Jpki)]),
        1 => Just(vec![Act::Reset, Act::Select(Place::Jpki)]),
        1 => Just(vec![Act::Power, Act::Select(Place::Jpki)]),
        1 => Just(vec![Act::GetChallenge { length: 16 }]),
    ]
}

/// A further attempt on whatever the card keeps.
fn authentication() -> impl Strategy<Value = Vec<Act>> {
    (authenticate(), signature()).prop_map(|(authenticate, signature)| {
        vec![Act::GetChallenge { length: 32 }, authenticate, Act::Sign(signature)]
    })
}

fn authenticate() -> impl Strategy<Value = Act> {
    let by = prop_oneof![6 => Just(Key::Terminal), 1 => key()];
    let to = prop_oneof![6 => Just(Challenge::Last), 1 => Just(Challenge::OneBefore)];
    (by, statement(), to).prop_map(|(by, statement, to)| Act::Authenticate { by, statement, to })
}

fn act() -> impl Strategy<Value = Act> {
    const PLACES: [Place; 4] =
        [Place::CardManager, Place::Jpki, Place::CardSurface, Place::Nowhere];
    prop_oneof![
        select(&PLACES[..]).prop_map(Act::Select),
        select(&[0x0009, 0x000A, 0x0016, 0x0017, 0x001D][..]).prop_map(Act::SelectEf),
        any::<bool>().prop_map(|right| Act::PresentPin { right }),
        certificate().prop_map(Act::LoadBody),
        certificate().prop_map(Act::LoadSignature),
        select(&[16, 32][..]).prop_map(|length| Act::GetChallenge { length }),
        (key(), statement(), select(&[Challenge::Last, Challenge::OneBefore][..]))
            .prop_map(|(by, statement, to)| Act::Authenticate { by, statement, to }),
        signature().prop_map(Act::Sign),
        Just(Act::SignWithOtherKey),
        Just(Act::ReadProtected),
        Just(Act::Reset),
        Just(Act::Power),
    ]
}

fn signature() -> impl Strategy<Value = Signature> {
    let p1 = prop_oneof![8 => Just(0x00), 1 => Just(0x01), 1 => Just(0x03)];
    let p2 = prop_oneof![8 => Just(0x97), 1 => Just(0x80)];
    (p1, p2, statement()).prop_map(|(p1, p2, statement)| Signature { p1, p2, statement })
}

fn statement() -> impl Strategy<Value = Statement> {
    prop_oneof![5 => Just(Statement::First), 1 => Just(Statement::Second)]
}

fn certificate() -> impl Strategy<Value = Certificate> {
    select(
        &[
            Certificate::Intermediate,
            Certificate::Terminal,
            Certificate::ForeignIntermediate,
            Certificate::ForeignTerminal,
            Certificate::MisnamedIssuer,
        ][..],
    )
}

fn key() -> impl Strategy<Value = Key> {
    select(&[Key::Authority, Key::Intermediate, Key::Terminal, Key::Foreign][..])
}

impl Certificate {
    /// Who its issuer is by name and by key, and whom it certifies. A name is that of a key.
    fn says(self) -> (Key, Key, Key) {
        match self {
            Self::Intermediate => (Key::Authority, Key::Authority, Key::Intermediate),
            Self::Terminal => (Key::Intermediate, Key::Intermediate, Key::Terminal),
            Self::ForeignIntermediate => (Key::Authority, Key::Foreign, Key::Intermediate),
            Self::ForeignTerminal => (Key::Intermediate, Key::Foreign, Key::Terminal),
            Self::MisnamedIssuer => (Key::Authority, Key::Intermediate, Key::Terminal),
        }
    }

    fn commands(self) -> &'static [Vec<u8>; 2] {
        static COMMANDS: LazyLock<[[Vec<u8>; 2]; 5]> = LazyLock::new(|| {
            [
                "terminal-intermediate.cv",
                "terminal.cv",
                "foreign-terminal-intermediate.cv",
                "foreign-terminal.cv",
                "misnamed-issuer-terminal.cv",
            ]
            .map(|name| load_commands(&cv_certificate(name)))
        });
        let [intermediate, terminal, foreign_intermediate, foreign_terminal, misnamed] = &*COMMANDS;
        match self {
            Self::Intermediate => intermediate,
            Self::Terminal => terminal,
            Self::ForeignIntermediate => foreign_intermediate,
            Self::ForeignTerminal => foreign_terminal,
            Self::MisnamedIssuer => misnamed,
        }
    }
}

impl Key {
    fn rsa(self) -> &'static RsaPrivateKey {
        static KEYS: LazyLock<[RsaPrivateKey; 4]> = LazyLock::new(|| {
            [
                "terminal-authority.pem",
                "terminal-intermediate.pem",
                "terminal.pem",
                "foreign-ca.pem",
            ]
            .map(private_key)
        });
        let [authority, intermediate, terminal, foreign] = &*KEYS;
        match self {
            Self::Authority => authority,
            Self::Intermediate => intermediate,
            Self::Terminal => terminal,
            Self::Foreign => foreign,
        }
    }
}

impl Statement {
    fn digest(self) -> [u8; 32] {
        match self {
            Self::First => [0x51; 32],
            Self::Second => [0x52; 32],
        }
    }
}

/// What let the card sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Pin,
    Terminal,
    /// Nothing, for it was the key of the card surface.
    Free,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    by_pin: u32,
    by_terminal: u32,
    refused: u32,
    refused_with_permission: u32,
}

/// A card with the model of it beside.
struct CardAndModel {
    card: Card,
    model: Model,
    /// All that were given, the last one last.
    challenges: Vec<Vec<u8>>,
    tally: Tally,
}

impl CardAndModel {
    fn new() -> Self {
        Self {
            card: Card::new(Image::normal()),
            model: Model::default(),
            challenges: vec![vec![0; 32]; 2],
            tally: Tally::default(),
        }
    }

    fn perform_all(mut self, acts: &[Act]) -> Tally {
        for (number, act) in acts.iter().enumerate() {
            self.perform(*act, &format!("{act:?}, number {number}"));
            let tries: Vec<_> =
                self.card.image().pins().map(|(_, pin)| pin.retries_left()).collect();
            assert_eq!(
                tries,
                [self.model.pin_tries, 5, 10, 10, 10, 3, 0, 10, 10],
                "{act:?}, number {number}"
            );
        }
        self.tally
    }

    /// Does it to both, and compares what they say.
    fn perform(&mut self, act: Act, context: &str) {
        let (answer, expected) = match act {
            Act::Select(place) => (self.send(place.select()), self.model.select(place)),
            Act::SelectEf(id) => {
                let id_bytes = u16::to_be_bytes(id);
                let select = command(&[0x00, 0xA4, 0x02, 0x0C], &id_bytes, None);
                (self.send(&select), self.model.select_ef(id))
            }
            Act::PresentPin { right } => {
                let pin = if right { b"1234" } else { b"0000" };
                let verify = command(&[0x00, 0x20, 0x00, 0x98], pin, None);
                (self.send(&verify), self.model.present_pin(right))
            }
            Act::LoadBody(certificate) => {
                let [body, _] = certificate.commands();
                (self.send(body), self.model.load_body(certificate))
            }
            Act::LoadSignature(certificate) => {
                let [_, signature] = certificate.commands();
                (self.send(signature), self.model.load_signature(certificate))
            }
            Act::GetChallenge { length } => {
                let get_challenge = [0x00, 0x84, 0x00, 0x00, length];
                let response = self.card.transmit(&get_challenge, &mut OsRng);
                let (challenge, status) = response.split_last_chunk::<2>().unwrap();
                self.challenges.push(challenge.to_vec());
                (*status == [0x90, 0x00], self.model.get_challenge(length))
            }
            Act::Authenticate { by, statement, to } => {
                let challenge = &self.challenges[self.challenges.len() - to.back()];
                let response = response(by.rsa(), challenge, statement.digest());
                let authenticate = command(&EXTERNAL_AUTHENTICATE, &response, None);
                (self.send(&authenticate), self.model.authenticate(by, statement, to))
            }
            Act::Sign(signature) => {
                let data = digest_info(signature.statement.digest());
                let sign = command(&[0x80, 0x2A, signature.p1, signature.p2], &data, Some(0));
                let has_permission = self.model.permission.is_some();
                let way = self.model.sign(signature);
                self.tally.count(way, has_permission);
                (self.send(&sign), way.is_some())
            }
            Act::SignWithOtherKey => {
                let sign = command(&[0x80, 0x2A, 0x00, 0x9A], &[0x55], Some(0));
                self.model.select_ef(0x001A);
                (self.send(&sign), self.model.place == Place::CardSurface)
            }
            Act::ReadProtected => {
                self.model.select_ef(0x0009);
                (self.send(&[0x00, 0xB0, 0x89, 0x00, 0x01]), false)
            }
            Act::Reset => {
                self.card.reset();
                self.model.reset();
                return;
            }
            Act::Power => {
                self.card.power_off();
                self.card.power_on();
                self.model.reset();
                self.model.pin_verified = false;
                return;
            }
        };
        assert_eq!(answer, expected, "{context}: {:?}", self.model);
    }

    /// Whether the card does it.
    fn send(&mut self, command: &[u8]) -> bool {
        send(&mut self.card, command) == StatusWord::OK
    }
}

impl Tally {
    fn count(&mut self, way: Option<Way>, has_permission: bool) {
        match way {
            Some(Way::Pin) => self.by_pin += 1,
            Some(Way::Terminal) => self.by_terminal += 1,
            Some(Way::Free) => {}
            None if has_permission => self.refused_with_permission += 1,
            None => self.refused += 1,
        }
    }
}

/// What matters of all that happened to the card.
#[derive(Debug)]
struct Model {
    place: Place,
    file: Option<u16>,
    pin_tries: u8,
    pin_verified: bool,
    /// Issuer and subject of a certificate without its signature.
    body: Option<(Key, Key)>,
    certified: Option<Key>,
    has_challenge: bool,
    permission: Option<Statement>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            place: Place::CardManager,
            file: None,
            pin_tries: 3,
            pin_verified: false,
            body: None,
            certified: None,
            has_challenge: false,
            permission: None,
        }
    }
}

impl Model {
    fn select(&mut self, place: Place) -> bool {
        if place == Place::Nowhere {
            return false;
        }
        self.permission = self.permission.filter(|_| self.place == place);
        self.pin_verified &= place == Place::Jpki;
        self.place = place;
        self.enter(None);
        true
    }

    fn select_ef(&mut self, id: u16) -> bool {
        let found = match self.place {
            Place::Jpki => matches!(id, 0x0009 | 0x000A | 0x0016..=0x0018 | 0x001A),
            Place::CardSurface => id == 0x001A,
            Place::CardManager | Place::Nowhere => false,
        };
        if found {
            self.enter(Some(id));
        }
        found
    }

    fn enter(&mut self, file: Option<u16>) {
        self.file = file;
        self.body = None;
        self.certified = None;
    }

    fn present_pin(&mut self, right: bool) -> bool {
        if !self.select_ef(0x0018) || self.pin_tries == 0 {
            return false;
        }
        self.pin_verified = right;
        self.pin_tries = if right { 3 } else { self.pin_tries - 1 };
        right
    }

    fn load_body(&mut self, certificate: Certificate) -> bool {
        let (issuer, _, subject) = certificate.says();
        let fits = self.file == Some(0x0016) && self.certified.is_none_or(|key| key == issuer);
        if fits {
            self.body = Some((issuer, subject));
        }
        fits
    }

    fn load_signature(&mut self, certificate: Certificate) -> bool {
        if self.file != Some(0x0016) {
            return false;
        }
        let (issuer, signer, subject) = certificate.says();
        let is_of_body = self.body.take() == Some((issuer, subject));
        let is_verified = is_of_body && self.certified.unwrap_or(Key::Authority) == signer;
        if is_verified {
            self.certified = Some(subject);
        }
        is_verified
    }

    fn get_challenge(&mut self, length: u8) -> bool {
        self.has_challenge = length == 32;
        true
    }

    fn authenticate(&mut self, by: Key, statement: Statement, to: Challenge) -> bool {
        if self.file != Some(0x0016) {
            return false;
        }
        let has_challenge = std::mem::take(&mut self.has_challenge);
        let is_right = has_challenge && to == Challenge::Last && self.certified == Some(by);
        self.permission = is_right.then_some(statement);
        is_right
    }

    fn sign(&mut self, Signature { p1, p2, statement }: Signature) -> Option<Way> {
        if p2 == 0x97 && !self.select_ef(0x0017) {
            return None;
        }
        match (self.place, self.file) {
            (Place::CardSurface, Some(0x001A)) => Some(Way::Free),
            (Place::Jpki, Some(0x0017)) if self.pin_verified => Some(Way::Pin),
            (Place::Jpki, Some(0x0017)) if p1 == 0x00 && self.permission == Some(statement) => {
                self.permission = None;
                Some(Way::Terminal)
            }
            _ => None,
        }
    }

    fn reset(&mut self) {
        self.place = Place::CardManager;
        self.enter(None);
        self.has_challenge = false;
        self.permission = None;
    }
}
