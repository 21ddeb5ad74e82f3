//! The measure of the bridge: the same card, the same commands, without it.
//!
//! Over the first PC/SC reader, in turns, so that a noisy machine troubles all alike: the commands
//! of one authentication by bare `SCardTransmit`, and the flows of core. Prints one line of JSON:
//! how many commands, and the times of each run in microseconds. `cargo xtask bench` adds the page.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::env;
use std::time::{Duration, Instant};

use kazashi_core::card::jpki;
use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::flow::{Error, Step, Transport, run};
use kazashi_core::guard::verification::{Presentation, present};
use kazashi_core::value::layout::{Application, PinReference};
use kazashi_core::value::{CertificateKind, Method, Nonce, PinValue, Statement};
use kazashi_core::wire::{CardAnswer, CardRequest};
use pcsc::{Context, Disposition, MAX_BUFFER_SIZE_EXTENDED, Protocols, Scope, ShareMode};
use serde_json::json;

const CERTIFICATE: CertificateKind = CertificateKind::UserAuthentication;
const ORIGIN: &str = "https://portal.example";

fn main() {
    let pin = env::var("KAZASHI_BENCH_PIN").unwrap_or_else(|_| "1234".to_owned());
    let runs: usize =
        env::var("KAZASHI_BENCH_RUNS").map_or(100, |runs| runs.parse().expect("a number"));
    let context = Context::establish(Scope::User).expect("pcscd runs");
    let reader = context.list_readers_owned().expect("readers").remove(0);
    let connect = || context.connect(&reader, ShareMode::Shared, Protocols::ANY).expect("a card");

    let mut read_certificate = Recorder::new(connect());
    run(jpki::read_certificate(CERTIFICATE), &mut read_certificate).expect("a certificate");
    let mut recorder = Recorder::new(connect());
    authenticate(&mut recorder, &pin);
    let commands: Vec<_> = recorder.commands.iter().map(CommandApdu::to_bytes).collect();

    let clean = Application::CardManager.select().to_bytes();

    let (mut bare, mut native) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
    for _ in 0..runs {
        let begin = Instant::now();
        let mut card = connect();
        let transaction = card.transaction().expect("a transaction");
        for command in &commands {
            transaction.transmit(command, &mut buffer).expect("a response");
        }
        transaction.transmit(&clean, &mut buffer).expect("a response");
        transaction.end(Disposition::LeaveCard).map_err(|(_, error)| error).expect("an end");
        card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).expect("an end");
        bare.push(begin.elapsed());

        let begin = Instant::now();
        authenticate(&mut Recorder::new(connect()), &pin);
        native.push(begin.elapsed());
    }
    let micros = |times: Vec<Duration>| times.iter().map(Duration::as_micros).collect::<Vec<_>>();
    let result = json!({
        "apdus": {
            "readCertificate": read_certificate.commands.len(),
            "authenticate": commands.len(),
        },
        "bare": micros(bare),
        "native": micros(native),
    });
    println!("{result}");
}

/// One authentication as a native program does it: the flow, and the guarded step by hand.
fn authenticate(card: &mut Recorder, pin: &str) {
    let nonce = Nonce::parse(&"A".repeat(44)).expect("a nonce");
    let mut step = jpki::authenticate(nonce).start().expect("a flow");
    loop {
        step = match step {
            Step::Transmit(command, waiting) => {
                let response = card.transmit(&command).expect("a response");
                waiting.resume(response).expect("a step")
            }
            Step::Guard(CardRequest::SignChallenge { nonce, .. }, waiting) => {
                let value = PinValue::parse(PinReference::UserAuthentication, pin).expect("a PIN");
                run(present(Presentation::of_person(value, 3)), card)
                    .expect("the right PIN, all tries left");
                let statement = Statement::new(Method::Pin, ORIGIN, &nonce);
                let signature = run(jpki::sign_statement(&statement), card).expect("a signature");
                let certificate =
                    run(jpki::read_certificate(CERTIFICATE), card).expect("a certificate");
                let (signature, certificate) =
                    (signature.as_bytes().into(), Some(certificate.as_der().into()));
                waiting.resume(CardAnswer::Signed { signature, certificate }).expect("a step")
            }
            Step::Done(_) => return,
            step => unreachable!("{step:?}"),
        };
    }
}

/// A card that counts what it is asked. (No transaction: nobody else is there.)
struct Recorder {
    card: Option<pcsc::Card>,
    commands: Vec<CommandApdu>,
    buffer: Vec<u8>,
}

impl Recorder {
    fn new(card: pcsc::Card) -> Self {
        let buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
        Self { card: Some(card), commands: Vec::new(), buffer }
    }
}

impl Transport for Recorder {
    type Error = Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Error> {
        let card = self.card.as_ref().expect("a card");
        let response = card.transmit(&command.to_bytes(), &mut self.buffer).expect("a response");
        self.commands.push(command.clone());
        ResponseApdu::from_bytes(response).map_err(|_| Error::Malformed { what: "nothing" })
    }
}

/// Leaves no PIN verified. (Dropped as it is, a PC/SC card would be reset, which does not clear
/// it.)
impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(card) = self.card.take() {
            let clean = Application::CardManager.select().to_bytes();
            let _ = card.transmit(&clean, &mut self.buffer);
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }
}
