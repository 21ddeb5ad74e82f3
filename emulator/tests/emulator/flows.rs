//! The flows of core and the guard in front of them, against cards and readers that fail.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use kazashi_core::card::card_surface::{BirthDateSource, prove_presence, read_card_face};
use kazashi_core::card::jpki::{self, CertificateReading};
use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_core::codec::apdu::{CommandApdu, LengthFields, ResponseApdu, StatusWord};
use kazashi_core::codec::tlv::{self, Tag};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Abilities, Error, Flow, Question, Step};
use kazashi_core::guard::desk::Work;
use kazashi_core::guard::session::{Bookmark, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::guard::verification::Presentation;
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{
    Calendar, CertificateKind, Method, Nonce, PinValue, PrintedBirthDate, Scope, Scopes, Statement,
    VerificationNumberB,
};
use kazashi_core::wire::Failure;
use kazashi_emulator::reader::{Fault, Reader};
use kazashi_emulator::{Application, Card, Contents, Ef, Image, Pin, Variant};
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use rand_core::OsRng;
use rsa::Pkcs1v15Sign;
use rsa::sha2::Sha256;

use crate::support::commands::{response, sign_command};
use crate::support::contents::{objects_in, public_key, transparent_of};
use crate::support::guard::{ask, challenge, memory, perform};
use crate::support::transcript::{SELECT_JPKI, bytes, card_information, card_surface, play};
use crate::support::vectors::{cv_certificate, private_key};

/// No flow needs more commands than this, whatever goes wrong.
const ENDLESS: usize = 200;
/// What brings nothing in so many commands goes on for ever.
const ENDLESS_ROUNDS: usize = 600;

#[test]
fn the_short_card_gives_the_same_results_in_more_commands() {
    println!("{:<40} normal  short  short again", "commands");
    for task in TASKS {
        let [normal, short] = [Variant::Normal, Variant::Short]
            .map(|variant| Trial::new(Image::of(variant), BTreeMap::new()));
        // What the card is, is asked once for each insertion, too.
        let [before, _] = [&normal, &short].map(|trial| {
            trial.open().unwrap().close();
            trial.reader.commands()
        });
        let results = [&normal, &short].map(|trial| trial.perform(task, &PERSON).unwrap());
        assert_eq!(results[0], results[1], "{task:?}");
        let [normal, first] = [&normal, &short].map(|trial| trial.reader.commands() - before);

        // What the card cannot do is learned once for each insertion.
        assert_eq!(short.perform(task, &PERSON).unwrap(), results[0], "{task:?}");
        let again = short.reader.commands() - before - first;
        println!("{:<40} {normal:>6} {first:>6} {again:>12}", format!("{task:?}"));
        assert!(normal < again && again < first, "{task:?}: {normal}, {first}, {again}");
    }
}

#[test]
fn a_card_whose_pins_were_never_set_or_are_blocked_signs_for_a_terminal() {
    for variant in [Variant::WithoutPins, Variant::Blocked] {
        let trial = Trial::new(Image::of(variant), BTreeMap::new());
        let before = trial.retries_left();
        let signed = trial.perform(Task::AuthenticatePinless, &PERSON).unwrap();
        let signature = signed.last_chunk::<256>().unwrap();
        public_key(&Image::of(variant), 0x000A)
            .verify(Pkcs1v15Sign::new::<Sha256>(), &terminal_statement().digest(), signature)
            .unwrap();
        assert_eq!(trial.retries_left(), before);
        assert!(trial.is_clean());
    }
}

#[test]
fn a_card_that_cannot_be_authenticated_to_says_why() {
    for (variant, code) in [
        (Variant::ForeignRoot, ErrorCode::TerminalRefused),
        (Variant::Short, ErrorCode::ReaderNoExtendedLength),
    ] {
        let trial = Trial::new(Image::of(variant), BTreeMap::new());
        let failure = trial.perform(Task::AuthenticatePinless, &PERSON).unwrap_err();
        assert_eq!(failure.code, code, "{variant:?}");
    }
}

#[test]
fn what_is_read_with_a_warning_is_read() {
    for variant in [Variant::Normal, Variant::Short] {
        for task in TASKS {
            let expected = Trial::new(Image::of(variant), BTreeMap::new()).perform(task, &PERSON);
            for remark in [0x6200, 0x6282, 0x63C1].map(StatusWord) {
                let trial = Trial::new(Image::of(variant), BTreeMap::new());
                trial.reader.set_plan(move |_, command| {
                    // The short card refuses other forms, and says why.
                    let is_short = command.length_fields() == LengthFields::Short;
                    let is_performed =
                        variant == Variant::Normal || is_short && command.p1() < 0x80;
                    let reads = command.ins() == 0xB0 && is_performed;
                    reads.then_some(Fault::Misreported(remark))
                });
                assert_eq!(trial.perform(task, &PERSON), expected, "{task:?} with {remark}");
            }
        }
    }
}

#[test]
fn two_bytes_before_a_record_are_skipped_in_short_reads_as_in_long_ones() {
    let [attributes, face] = [
        (Application::CardInformation, Task::ReadAttributes),
        (Application::CardSurface, Task::ReadCardFace),
    ];
    for (application, task) in [attributes, face] {
        let file = Ef { application, id: 0x0002 };
        for before in [[0x00; 2], [0xFF; 2], [0x12, 0x34]] {
            let [normal, short] = [Variant::Normal, Variant::Short].map(|variant| {
                let image = Image::of(variant);
                let record = with_a_long_address(transparent_of(&image, application, 0x0002));
                // It goes on behind what one short response holds.
                assert!(record.len() > 256, "{}", record.len());
                let record = [&before[..], &record].concat();
                let image = image.with(file, Contents::Transparent(record));
                Trial::new(image, BTreeMap::new()).perform(task, &PERSON).unwrap()
            });
            assert_eq!(normal, short, "{task:?} behind {before:02X?}");
        }
    }
}

/// The record, with an address of a hundred characters if it has one as text.
fn with_a_long_address(record: &[u8]) -> Vec<u8> {
    let address = tlv::write(Tag(0xDF23), "東".repeat(100).as_bytes());
    let objects = objects_in(record).into_iter().map(|object| match object.tag {
        0xDF23 => address.clone(),
        _ => object.encoded.to_vec(),
    });
    let tag = u32::from_be_bytes([0, 0, record[0], record[1]]);
    tlv::write(Tag(tag), &objects.collect::<Vec<_>>().concat())
}

#[test]
fn a_response_that_never_ends_is_given_up() {
    for (part, rounds) in [(0, 3), (1, ENDLESS_ROUNDS)] {
        let mut sent = 0;
        let mut step = jpki::token_label().start().unwrap();
        let failed = loop {
            let Step::Transmit(command, waiting) = step else { panic!("an end") };
            sent += 1;
            let goes_on = match command.ins() {
                0xA4 => ResponseApdu::new([], StatusWord::OK),
                _ => ResponseApdu::new(vec![0x4A; part], StatusWord(0x6110)),
            };
            step = match waiting.resume(goes_on) {
                Ok(step) => step,
                Err(error) => break error,
            };
        };
        assert!(matches!(failed, Error::Malformed { .. }), "{failed:?}");
        assert!(sent <= rounds, "{sent} commands of {part} bytes each");
    }
}

#[test]
fn a_file_that_comes_byte_by_byte_is_given_up() {
    let mut sent = 0;
    let mut step = jpki::read_certificate(CertificateKind::UserAuthentication).start().unwrap();
    let failed = loop {
        let Step::Transmit(command, waiting) = step else { panic!("an end") };
        sent += 1;
        assert!(sent <= 2 * ENDLESS_ROUNDS, "an end");
        let response = match (command.header(), sent) {
            ([_, 0xA4, ..], _) => ResponseApdu::new([], StatusWord::OK),
            (_, ..3) => ResponseApdu::new([0x30, 0x82, 0x7F, 0x00], StatusWord::OK),
            _ => ResponseApdu::new([0x00], StatusWord::OK),
        };
        step = match waiting.resume(response) {
            Ok(step) => step,
            Err(error) => break error,
        };
    };
    assert!(matches!(failed, Error::Malformed { .. }), "{failed:?}");
}

#[test]
fn a_fault_at_any_command_costs_no_try_that_is_not_told_and_leaves_no_pin_verified() {
    let terminal = (Variant::Normal, Task::AuthenticatePinless);
    for (variant, task, person) in [Variant::Normal, Variant::Short]
        .into_iter()
        .flat_map(|variant| TASKS.map(|task| (variant, task)))
        .chain([terminal])
        .flat_map(|(variant, task)| [PERSON, WRONG].map(|person| (variant, task, person)))
    {
        let image = Image::of(variant);
        let undisturbed = Trial::new(image.clone(), BTreeMap::new());
        // Its result does not matter here: a wrong PIN has none.
        let _ = undisturbed.perform(task, &person);
        for at in 0..undisturbed.reader.commands() {
            for fault in FAULTS {
                let trial = Trial::new(image.clone(), BTreeMap::from([(at, fault)]));
                trial.perform_and_judge(task, &person);
            }
        }
    }
}

proptest! {
    #[test]
    fn many_faults_cost_no_try_that_is_not_told_and_leave_no_pin_verified(
        variant in select(&Variant::ALL[..]),
        task in prop_oneof![4 => select(&TASKS[..]), 1 => Just(Task::AuthenticatePinless)],
        person in select(&[PERSON, WRONG][..]),
        at_least in 1_u8..=2,
        user_authentication in 0_u8..=3,
        digital_signature in 0_u8..=5,
        faults in btree_map(0_usize..40, select(&FAULTS[..]), 0..8),
    ) {
        let image = Image::of(variant)
            .with(PIN, Pin::with_retries_left("1234", user_authentication, 3).unwrap().into())
            .with(PASSWORD, Pin::with_retries_left("ABC123", digital_signature, 5).unwrap().into());
        let trial = Trial::new(image, faults);
        trial.perform_and_judge(task, &Person { at_least, ..person });
    }
}

const PIN: Ef = Ef { application: Application::Jpki, id: 0x0018 };
const PASSWORD: Ef = Ef { application: Application::Jpki, id: 0x001B };
const BIRTH_DATE: Ef = Ef { application: Application::CardSurface, id: 0x0011 };
const NUMBER_B: Ef = Ef { application: Application::CardSurface, id: 0x0012 };
const CARD_INFORMATION_PIN: Ef = Ef { application: Application::CardInformation, id: 0x0011 };

/// What is done with a card.
#[derive(Clone, Copy, Debug)]
enum Task {
    PinStatus,
    TokenLabel,
    ReadCertificate(CertificateKind),
    Authenticate,
    ProvePresence,
    ReadCardFace,
    ReadAttributes,
    AuthenticatePinless,
}

impl Task {
    /// What is presented for it, if anything is.
    fn reference(self) -> Option<Ef> {
        match self {
            Self::Authenticate => Some(PIN),
            Self::ReadCertificate(CertificateKind::DigitalSignature) => Some(PASSWORD),
            Self::ProvePresence => Some(BIRTH_DATE),
            Self::ReadCardFace => Some(NUMBER_B),
            Self::ReadAttributes => Some(CARD_INFORMATION_PIN),
            _ => None,
        }
    }
}

/// What each card can do: for terminals, the short one has no commands that are long enough.
const TASKS: [Task; 10] = [
    Task::PinStatus,
    Task::TokenLabel,
    Task::ReadCertificate(CertificateKind::UserAuthentication),
    Task::ReadCertificate(CertificateKind::UserAuthenticationCa),
    Task::ReadCertificate(CertificateKind::DigitalSignature),
    Task::ReadCertificate(CertificateKind::DigitalSignatureCa),
    Task::Authenticate,
    Task::ProvePresence,
    Task::ReadCardFace,
    Task::ReadAttributes,
];

/// Who is asked for PINs, and with how many tries left one is still presented.
#[derive(Clone, Copy, Debug)]
struct Person {
    pin: &'static str,
    password: &'static str,
    birth_date: &'static str,
    at_least: u8,
}

const PERSON: Person =
    Person { pin: "1234", password: "ABC123", birth_date: "1980-02-17", at_least: 1 };
const WRONG: Person =
    Person { pin: "0000", password: "000000", birth_date: "1980-02-18", at_least: 1 };

impl Person {
    fn presents(&self, reference: PinReference) -> Presentation {
        let text = match reference {
            PinReference::UserAuthentication | PinReference::CardInformation => self.pin,
            PinReference::DigitalSignature => self.password,
        };
        let value = PinValue::parse(reference, text).unwrap();
        Presentation::of_person(value, self.at_least)
    }
}

const ORIGIN: &str = "https://portal.example";

fn nonce() -> Nonce {
    Nonce::parse(&"A".repeat(44)).unwrap()
}

fn terminal_statement() -> Statement {
    Statement::new(Method::Terminal, ORIGIN, nonce().as_str())
}

fn terminal_chain() -> Vec<TerminalCertificate> {
    ["terminal-intermediate.cv", "terminal.cv"]
        .map(|name| TerminalCertificate::parse(&cv_certificate(name)).unwrap())
        .to_vec()
}

/// What goes wrong with commands.
const FAULTS: [Fault; 21] = [
    Fault::CommandLost,
    Fault::ResponseLost,
    Fault::Removed,
    Fault::PowerCut,
    Fault::Reset,
    Fault::Refused(StatusWord(0x6F00)),
    Fault::Refused(StatusWord(0x6700)),
    Fault::Refused(StatusWord(0x6A86)),
    Fault::Refused(StatusWord(0x6A82)),
    Fault::Refused(StatusWord(0x6C10)),
    Fault::Refused(StatusWord(0x6110)),
    Fault::Misreported(StatusWord(0x6F00)),
    Fault::Misreported(StatusWord(0x6700)),
    Fault::Misreported(StatusWord(0x6A86)),
    Fault::Misreported(StatusWord(0x6110)),
    Fault::Misreported(StatusWord(0x6C00)),
    Fault::Misreported(StatusWord(0x6581)),
    Fault::Truncated(0),
    Fault::Truncated(3),
    Fault::Truncated(40),
    Fault::Altered(0x55),
];

/// A reader that fails as planned, with the guard in front of it.
struct Trial {
    reader: Reader,
    abilities: Abilities,
    memory: StayMemory,
    faults: BTreeMap<usize, Fault>,
    /// How many of the commands presented a PIN.
    presented: Rc<Cell<u8>>,
}

impl Trial {
    /// Faults are by the number of the command that they happen to.
    fn new(image: Image, faults: BTreeMap<usize, Fault>) -> Self {
        let reader = Reader::new(Card::new(image), OsRng);
        let presented = Rc::new(Cell::new(0));
        let (plan, presentations) = (faults.clone(), presented.clone());
        reader.set_plan(move |number, command| {
            assert!(number < ENDLESS, "an end after {plan:?}");
            if presents(command) {
                presentations.set(presentations.get() + 1);
            }
            plan.get(&number).copied()
        });
        Self { reader, abilities: Abilities::default(), memory: memory(), faults, presented }
    }

    fn open(&self) -> Result<Session<'static>, Failure> {
        let card = Box::new(self.reader.transaction());
        Session::open(card, Bookmark::default(), self.memory.clone())
    }

    fn retries_left(&self) -> BTreeMap<Ef, u8> {
        self.reader.card().image().pins().map(|(ef, pin)| (ef, pin.retries_left())).collect()
    }

    /// Performs a task as the bridge does for a page, and shows its result as bytes.
    fn perform(&self, task: Task, person: &Person) -> Result<Vec<u8>, Failure> {
        let mut session = self.open()?;
        let result = match task {
            Task::PinStatus => self
                .drive(jpki::pin_status(), &mut session, person)
                .map(|status| format!("{status:?}").into_bytes()),
            Task::TokenLabel => self
                .drive(jpki::token_label(), &mut session, person)
                .map(|label| format!("{label:?}").into_bytes()),
            Task::ReadCertificate(kind) => self
                .drive(jpki::read_certificate(kind), &mut session, person)
                .map(|certificate| certificate.as_der().to_vec()),
            Task::Authenticate => self
                .drive(jpki::authenticate(nonce()), &mut session, person)
                .map(|signed| [signed.certificate.as_der(), signed.signature.as_bytes()].concat()),
            Task::ProvePresence => {
                let birth_date = PrintedBirthDate::parse(person.birth_date, Calendar::Era).unwrap();
                let source = BirthDateSource::Known(birth_date);
                let flow = prove_presence(nonce(), source, CertificateReading::Whole);
                self.drive(flow, &mut session, person).map(|presence| {
                    let signature = presence.signature.as_bytes();
                    [&presence.age_record, &presence.cv_certificate, signature].concat()
                })
            }
            Task::ReadCardFace => {
                let birth_date = PrintedBirthDate::parse(person.birth_date, Calendar::Era).unwrap();
                let number = VerificationNumberB::parse(birth_date, "2035", "2285").unwrap();
                let flow = read_card_face(nonce(), number);
                self.drive(flow, &mut session, person).map(|face| {
                    [&face.record, &face.cv_certificate, face.signature.as_bytes()].concat()
                })
            }
            Task::ReadAttributes => {
                let pin = person.presents(PinReference::CardInformation);
                perform(&mut session, Work::ReadAttributes, Some(pin))
                    .map(|answer| serde_json::to_vec(&answer).unwrap())
            }
            Task::AuthenticatePinless => self
                .drive(jpki::authenticate_pinless(nonce(), terminal_chain()), &mut session, person)
                .map(|signed| [signed.certificate.as_der(), signed.signature.as_bytes()].concat()),
        };
        session.close();
        result
    }

    fn drive<T>(
        &self,
        flow: Flow<T>,
        session: &mut Session<'_>,
        person: &Person,
    ) -> Result<T, Failure> {
        let scopes =
            [Scope::Authenticate, Scope::AuthenticatePinless, Scope::CardFace, Scope::Sign];
        let scopes: Scopes = scopes.into_iter().collect();
        let mut step = flow.start_with(&self.abilities)?;
        loop {
            step = match step {
                Step::Done(output) => return Ok(output),
                Step::Transmit(command, waiting) => {
                    waiting.resume(session.transmit(&command, &scopes)?)?
                }
                Step::Guard(request, waiting) => {
                    let person = |reference| person.presents(reference);
                    waiting.resume(ask(session, request, &scopes, ORIGIN, person)?)?
                }
                Step::AskServer(Question::TerminalSignature(word), waiting) => {
                    let answer = response(
                        &private_key("terminal.pem"),
                        &challenge(&word, nonce().as_str()),
                        terminal_statement().digest(),
                    );
                    waiting.resume(answer[32..].to_vec())?
                }
                _ => panic!("none of the tasks does this"),
            };
        }
    }

    fn perform_and_judge(&self, task: Task, person: &Person) {
        let before = self.retries_left();
        let result = self.perform(task, person);
        let after = self.retries_left();
        let presented = self.presented.get();
        let story = || {
            let (faults, result) = (&self.faults, result.as_ref().map(Vec::len));
            format!("{task:?} by {person:?} with {faults:?} ended in {result:?} at {after:?}")
        };

        let reference = task.reference();
        for (pin, before) in before {
            let after = after.get(&pin).unwrap();
            let lost = before.saturating_sub(*after);
            if reference != Some(pin) {
                assert_eq!(lost, 0, "{}", story());
                continue;
            }
            // A PIN that was asked for once is presented once, and then with tries enough.
            assert!(presented <= 1, "{}", story());
            assert!(presented == 0 || before >= person.at_least, "{}", story());
            assert!(lost <= presented, "{}", story());
            match &result {
                Ok(_) => assert_eq!(lost, 0, "{}", story()),
                Err(Failure { retries_left: Some(told), .. }) => {
                    assert_eq!(told, after, "{}", story());
                }
                // Nothing was told: then the VERIFY itself was disturbed, or refused nothing.
                Err(Failure { code, .. }) => assert!(
                    ![
                        ErrorCode::PinIncorrect,
                        ErrorCode::BirthDateIncorrect,
                        ErrorCode::VerificationNumberIncorrect,
                    ]
                    .contains(code),
                    "{}",
                    story()
                ),
            }
        }
        if reference.is_none() {
            assert_eq!(presented, 0, "{}", story());
        }
        assert!(self.is_clean(), "{}", story());
    }

    /// Whether the next program finds no PIN verified, and nothing that a terminal allowed.
    fn is_clean(&self) -> bool {
        let mut card = self.reader.card().clone();
        let [mut surface, mut information] = [card.clone(), card.clone()];
        play(&mut surface, card_surface::SELECT);
        play(&mut information, card_information::SELECT);
        play(&mut card, SELECT_JPKI);
        let closed = |card: &mut Card, select: &str, command: &[u8]| {
            play(card, &format!("> {select}\n< 9000"));
            card.transmit(command, &mut OsRng) == [0x69, 0x82]
        };
        let statement = sign_command(0x00, 0x80, terminal_statement().digest());
        closed(&mut card, "00A4020C 02 0017", &bytes("802A0080 01 00 00"))
            && closed(&mut card, "00A4020C 02 0017", &statement)
            && closed(&mut card, "00A4020C 02 0001", &bytes("00B0000001"))
            && ["00A4020C 02 0001", "00A4020C 02 0002"]
                .iter()
                .all(|select| closed(&mut surface, select, &bytes("00B0000001")))
            && closed(&mut information, "00A4020C 02 0002", &bytes("00B0000001"))
    }
}

fn presents(command: &CommandApdu) -> bool {
    command.ins() == 0x20 && !command.data().is_empty()
}
