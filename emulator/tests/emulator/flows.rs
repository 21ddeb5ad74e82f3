//! The flows of core and the guard in front of them, against cards and readers that fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use kazashi_core::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::card_surface::{
    BirthDateSource, CertificateReading, prove_presence, read_card_face,
};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Flow, Question, Step};
use kazashi_core::jpki::{self, CertificateKind};
use kazashi_core::key::{PinReference, Verified};
use kazashi_core::policy::{Scope, Scopes};
use kazashi_core::secret::PinValue;
use kazashi_core::session::{CardTransaction, Ending, Session};
use kazashi_core::statement::{Method, Statement};
use kazashi_core::terminal::{TerminalCertificate, TerminalRequest};
use kazashi_core::verification::Presentation;
use kazashi_core::wire::Failure;
use kazashi_core::{Abilities, BirthDate, Nonce, VerificationNumberB};
use kazashi_emulator::{Application, Card, Ef, Image, Pin, Variant};
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use rand_core::OsRng;
use rsa::Pkcs1v15Sign;
use rsa::sha2::Sha256;

use crate::commands::{response, sign_command};
use crate::contents::public_key;
use crate::transcript::{bytes, play};
use crate::vectors::{cv_certificate, private_key};

/// No flow needs more commands than this, whatever goes wrong.
const ENDLESS: usize = 200;

#[test]
fn the_short_card_gives_the_same_results_in_more_commands() {
    println!("{:<40} normal  short  short again", "commands");
    for task in TASKS {
        let [normal, short] = [Variant::Normal, Variant::Short]
            .map(|variant| Desk::new(Image::of(variant), BTreeMap::new()));
        let results = [&normal, &short].map(|desk| desk.perform(task, &PERSON).unwrap());
        assert_eq!(results[0], results[1], "{task:?}");
        let (normal, first) = (normal.commands(), short.commands());

        // What the card cannot do is learned once for each insertion.
        assert_eq!(short.perform(task, &PERSON).unwrap(), results[0], "{task:?}");
        let again = short.commands() - first;
        println!("{:<40} {normal:>6} {first:>6} {again:>12}", format!("{task:?}"));
        assert!(normal < again && again < first, "{task:?}: {normal}, {first}, {again}");
    }
}

#[test]
fn a_card_whose_pins_were_never_set_or_are_blocked_signs_for_a_terminal() {
    for variant in [Variant::WithoutPins, Variant::Blocked] {
        let desk = Desk::new(Image::of(variant), BTreeMap::new());
        let before = desk.retries_left();
        let signed = desk.perform(Task::AuthenticatePinless, &PERSON).unwrap();
        let signature = signed.last_chunk::<256>().unwrap();
        public_key(&Image::of(variant), 0x000A)
            .verify(Pkcs1v15Sign::new::<Sha256>(), &terminal_statement().digest(), signature)
            .unwrap();
        assert_eq!(desk.retries_left(), before);
        assert!(desk.is_clean());
    }
}

#[test]
fn a_card_that_cannot_be_authenticated_to_says_why() {
    for (variant, code) in [
        (Variant::ForeignRoot, ErrorCode::TerminalRefused),
        (Variant::Short, ErrorCode::ReaderNoExtendedLength),
    ] {
        let desk = Desk::new(Image::of(variant), BTreeMap::new());
        let failure = desk.perform(Task::AuthenticatePinless, &PERSON).unwrap_err();
        assert_eq!(failure.code, code, "{variant:?}");
    }
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
        let undisturbed = Desk::new(image.clone(), BTreeMap::new());
        // Its result does not matter here: a wrong PIN has none.
        let _ = undisturbed.perform(task, &person);
        for at in 0..undisturbed.commands() {
            for fault in FAULTS {
                let desk = Desk::new(image.clone(), BTreeMap::from([(at, fault)]));
                desk.perform_and_judge(task, &person);
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
        let desk = Desk::new(image, faults);
        desk.perform_and_judge(task, &Person { at_least, ..person });
    }
}

const PIN: Ef = Ef { application: Application::Jpki, id: 0x0018 };
const PASSWORD: Ef = Ef { application: Application::Jpki, id: 0x001B };
const BIRTH_DATE: Ef = Ef { application: Application::CardSurface, id: 0x0011 };
const NUMBER_B: Ef = Ef { application: Application::CardSurface, id: 0x0012 };
const CARD_INFORMATION_PIN: Ef = Ef { application: Application::CardInfo, id: 0x0011 };

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

/// What goes wrong with one command.
#[derive(Clone, Copy, Debug)]
enum Fault {
    CommandLost,
    ResponseLost,
    /// The card loses its power, and this is noticed.
    Pulled,
    /// The card loses its power and gets it back, unnoticed.
    PowerCut,
    /// A warm reset, unnoticed.
    Reset,
    /// The card does not perform the command, and says so: only 9000 would be believed.
    Refused(u16),
    /// The card performs the command, but something else is reported.
    Misreported(u16),
    Truncated(usize),
    Altered(u8),
}

const FAULTS: [Fault; 21] = [
    Fault::CommandLost,
    Fault::ResponseLost,
    Fault::Pulled,
    Fault::PowerCut,
    Fault::Reset,
    Fault::Refused(0x6F00),
    Fault::Refused(0x6700),
    Fault::Refused(0x6A86),
    Fault::Refused(0x6A82),
    Fault::Refused(0x6C10),
    Fault::Refused(0x6110),
    Fault::Misreported(0x6F00),
    Fault::Misreported(0x6700),
    Fault::Misreported(0x6A86),
    Fault::Misreported(0x6110),
    Fault::Misreported(0x6C00),
    Fault::Misreported(0x6581),
    Fault::Truncated(0),
    Fault::Truncated(3),
    Fault::Truncated(40),
    Fault::Altered(0x55),
];

/// A card on a reader, with the guard in front of it.
#[derive(Clone)]
struct Desk {
    reader: Rc<RefCell<Reader>>,
    abilities: Abilities,
}

struct Reader {
    card: Card,
    /// By the number of the command that they happen to.
    faults: BTreeMap<usize, Fault>,
    commands: usize,
    /// How many of the commands presented a PIN.
    presented: u8,
    ending: Option<Ending>,
}

impl Desk {
    fn new(image: Image, faults: BTreeMap<usize, Fault>) -> Self {
        let mut card = Card::new(image);
        card.power_on();
        let reader = Reader { card, faults, commands: 0, presented: 0, ending: None };
        Self { reader: Rc::new(RefCell::new(reader)), abilities: Abilities::default() }
    }

    fn commands(&self) -> usize {
        self.reader.borrow().commands
    }

    fn retries_left(&self) -> BTreeMap<Ef, u8> {
        let reader = self.reader.borrow();
        reader.card.image().pins().map(|(ef, pin)| (ef, pin.retries_left())).collect()
    }

    /// Performs a task as the bridge does for a page, and shows its result as bytes.
    fn perform(&self, task: Task, person: &Person) -> Result<Vec<u8>, Failure> {
        let mut session = Session::open(Box::new(self.clone()), None, self.abilities.clone())?;
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
                let birth_date = BirthDate::parse(person.birth_date).unwrap();
                let source = BirthDateSource::Known(birth_date);
                let flow = prove_presence(nonce(), source, CertificateReading::Whole);
                self.drive(flow, &mut session, person).map(|presence| {
                    let signature = presence.signature.as_bytes();
                    [&presence.age_record, &presence.cv_certificate, signature].concat()
                })
            }
            Task::ReadCardFace => {
                let number = VerificationNumberB::parse(person.birth_date, "2035", "2285").unwrap();
                let flow = read_card_face(nonce(), number);
                self.drive(flow, &mut session, person).map(|face| {
                    [&face.record, &face.cv_certificate, face.signature.as_bytes()].concat()
                })
            }
            Task::ReadAttributes => session
                .present_for(
                    person.presents(PinReference::CardInformation),
                    Session::read_attributes,
                )
                .map(|read| {
                    [read.record.as_slice(), &read.integrity_record, &read.cv_certificate].concat()
                }),
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
                Step::VerifyPin(reference, waiting) => {
                    session.present(person.presents(reference))?;
                    waiting.resume(Verified::new(reference))?
                }
                Step::SignChallenge(key, nonce, waiting) => {
                    if let Some(pin) = key.pin_reference() {
                        session.present(person.presents(pin))?;
                    }
                    waiting.resume(session.sign_challenge(key, ORIGIN, &nonce)?)?
                }
                Step::VerifyBirthDate(birth_date, waiting) => {
                    waiting.resume(session.present(Presentation::of_birth_date(birth_date))?)?
                }
                Step::VerifyNumberB(number, waiting) => {
                    waiting.resume(session.present(Presentation::of_number_b(number))?)?
                }
                Step::TerminalChallenge(nonce, waiting) => {
                    let challenge = session.terminal_challenge(ORIGIN, &nonce)?;
                    // The institution here takes the challenge from anyone.
                    let [bridge, signature] = [[0; 32].into(), [0; 64].into()];
                    waiting.resume(TerminalRequest {
                        challenge: challenge.into(),
                        bridge,
                        signature,
                    })?
                }
                Step::Ask(Question::TerminalSignature(request), waiting) => {
                    let answer = response(
                        &private_key("terminal.pem"),
                        request.challenge.as_bytes(),
                        terminal_statement().digest(),
                    );
                    waiting.resume(answer[32..].to_vec())?
                }
                Step::TerminalSign(answer, waiting) => waiting.resume(
                    session.sign_as_terminal(ORIGIN, &answer.nonce, &answer.signature)?,
                )?,
                _ => panic!("none of the tasks does this"),
            };
        }
    }

    fn perform_and_judge(&self, task: Task, person: &Person) {
        let before = self.retries_left();
        let result = self.perform(task, person);
        let after = self.retries_left();
        let presented = self.reader.borrow().presented;
        let story = || {
            let reader = self.reader.borrow();
            let (faults, result) = (&reader.faults, result.as_ref().map(Vec::len));
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
        let reader = self.reader.borrow();
        let mut card = reader.card.clone();
        if reader.ending == Some(Ending::UnpowerCard) {
            card.power_off();
            card.power_on();
        }
        let [mut surface, mut information] = [card.clone(), card.clone()];
        play(&mut surface, "> 00A4040C 0A D3921000310001010402\n< 9000");
        play(&mut information, "> 00A4040C 0A D3921000310001010408\n< 9000");
        play(&mut card, "> 00A4040C 0A D392F000260100000001\n< 9000");
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

impl CardTransaction for Desk {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let mut reader = self.reader.borrow_mut();
        let fault = reader.faults.get(&reader.commands).copied();
        reader.commands += 1;
        assert!(reader.commands < ENDLESS, "an end after {fault:?}");
        if command.ins() == 0x20 && !command.data().is_empty() {
            reader.presented += 1;
        }

        match fault {
            Some(Fault::CommandLost) => return Err(ErrorCode::CommunicationError),
            Some(Fault::Pulled) => {
                reader.card.power_off();
                return Err(ErrorCode::RemovedCard);
            }
            Some(Fault::Refused(status)) => return Ok(ResponseApdu::new([], StatusWord(status))),
            Some(Fault::PowerCut) => reader.card.power_off(),
            Some(Fault::Reset) => reader.card.reset(),
            _ => {}
        }
        let response = reader.card.transmit(&command.to_bytes(), &mut OsRng);
        let response = ResponseApdu::from_bytes(&response).unwrap();
        let data = response.data();
        Ok(match fault {
            Some(Fault::ResponseLost) => return Err(ErrorCode::CommunicationError),
            Some(Fault::Misreported(status)) => ResponseApdu::new(data, StatusWord(status)),
            Some(Fault::Truncated(length)) => {
                ResponseApdu::new(&data[..length.min(data.len())], response.status())
            }
            Some(Fault::Altered(mask)) => {
                let altered: Vec<_> = data.iter().map(|byte| byte ^ mask).collect();
                ResponseApdu::new(altered, response.status())
            }
            _ => response,
        })
    }

    fn end(self: Box<Self>, ending: Ending) {
        self.reader.borrow_mut().ending = Some(ending);
    }
}
