//! A card that follows a file of `vectors/transcripts`, whoever guards it, and the server behind
//! the page.

use std::iter;

use kazashi_core::codec::Base64;
use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Error, Flow, Question, Step, Transport, run};
use kazashi_core::guard::session::{Bookmark, CardTransaction, Ending, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::value::layout::{Application, Key};
use kazashi_core::value::{Nonce, Signature, StayName};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure, PinEntry};

use crate::vectors::{hex, text};

/// Makes a test of each function with its transcript, and a list of these.
macro_rules! transcripts {
    ($($test:ident: $name:literal,)+) => {
        pub(super) const TRANSCRIPTS: &[&str] = &[$($name),+];

        mod transcript {
            $(
                #[test]
                fn $test() {
                    super::$test($crate::transcript::Transcript::load($name));
                }
            )+
        }
    };
}
pub(crate) use transcripts;

/// Its lines: `>` to the card, `<` from it.
pub(crate) struct Transcript(Box<dyn Iterator<Item = (Vec<u8>, Vec<u8>)>>);

/// Request of a flow to whoever guards the card, or to the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Guard(CardRequest),
    Server(Question),
}

impl Transcript {
    pub(crate) fn load(name: &str) -> Self {
        let text = text(&format!("transcripts/{name}.txt"));
        let mut lines: Vec<_> =
            text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let mut pairs = Vec::new();
        while let [command, response, ..] = &lines[..] {
            let command = hex(command.strip_prefix('>').expect(name));
            let response = hex(response.strip_prefix('<').expect(name));
            pairs.push((command, response));
            lines.drain(..2);
        }
        assert!(lines.is_empty() && !pairs.is_empty(), "{name}: commands and responses in turns");
        Self(Box::new(pairs.into_iter()))
    }

    /// Runs a flow that nobody guards to the end of both.
    pub(crate) fn replay<T>(mut self, flow: Flow<T>) -> Result<T, Error> {
        let result = run(flow, &mut self);
        self.end();
        result
    }

    /// Does something with the card as whoever guards it does, to the end of both.
    pub(crate) fn in_session<T>(
        self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Before anything that stands in the file, it is asked whether it is a My Number Card.
        let recognition = (Application::Jpki.select().to_bytes().to_vec(), hex("9000"));
        let card = Self(Box::new(iter::once(recognition).chain(self.0)));
        let mut session = Session::open(Box::new(card), Bookmark::default(), memory()).unwrap();
        let done = work(&mut session);
        session.close();
        done
    }

    /// Runs a flow to the end of both, and gives it whatever it asks for. A key signs when the
    /// transcript is over.
    pub(crate) fn perform<T>(mut self, flow: Flow<T>) -> (T, Vec<Asked>) {
        let mut asked = Vec::new();
        let mut step = flow.start().unwrap();
        let output = loop {
            step = match step {
                Step::Done(output) => break output,
                Step::Transmit(command, waiting) => waiting.resume(self.answer(&command)),
                Step::Guard(request, waiting) => {
                    let answer = match &request {
                        CardRequest::SignChallenge { key, .. } => {
                            self.end();
                            let certificate =
                                (*key == Key::UserAuthentication).then(|| hex("3003020107").into());
                            CardAnswer::Signed {
                                signature: signature().as_bytes().into(),
                                certificate,
                            }
                        }
                        CardRequest::TerminalRequest { .. } => {
                            self.end();
                            CardAnswer::Vouched { word: word() }
                        }
                        CardRequest::TerminalSign { .. } => CardAnswer::Signed {
                            signature: signature().as_bytes().into(),
                            certificate: None,
                        },
                        CardRequest::Sign { .. } => {
                            self.end();
                            CardAnswer::DocumentSigned {
                                signature: hex("07").into(),
                                certificate: hex("3000").into(),
                            }
                        }
                        _ => CardAnswer::Verified,
                    };
                    asked.push(Asked::Guard(request));
                    waiting.resume(answer)
                }
                Step::AskServer(question, waiting) => {
                    let answer = match question {
                        Question::TerminalSignature(_) => terminal_signature().as_bytes().to_vec(),
                        _ => b"1980-02-17".to_vec(),
                    };
                    asked.push(Asked::Server(question));
                    waiting.resume(answer)
                }
            }
            .unwrap();
        };
        self.end();
        (output, asked)
    }

    fn answer(&mut self, command: &CommandApdu) -> ResponseApdu {
        let (expected, response) = self.0.next().expect("one command more than the transcript");
        assert_eq!(command.to_bytes().to_vec(), expected);
        ResponseApdu::from_bytes(&response).unwrap()
    }

    fn end(&mut self) {
        assert_eq!(self.0.next(), None, "the end comes before that of the transcript");
    }
}

pub(crate) fn nonce() -> Nonce {
    Nonce::parse(&"A".repeat(44)).unwrap()
}

pub(crate) fn signature() -> Signature {
    Signature::from_bytes([7; 256])
}

/// A request for this key's signature over the statement.
pub(crate) fn sign_challenge(key: Key) -> CardRequest {
    let pin = key.pin_reference().map(|_| PinEntry::default());
    CardRequest::SignChallenge { key, nonce: nonce().as_str().to_owned(), pin }
}

/// The bridge's: for a flow, bytes of which it knows nothing.
pub(crate) fn word() -> Base64 {
    [1; 32].into()
}

/// The memory of a card that was just put on the reader.
fn memory() -> StayMemory {
    StayMemory::new(StayName::from_bytes([9; 16]), [7; 32].into())
}

/// The institution's.
pub(crate) fn terminal_signature() -> Signature {
    Signature::from_bytes([4; 256])
}

impl Transport for Transcript {
    type Error = Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Error> {
        Ok(self.answer(command))
    }
}

impl CardTransaction for Transcript {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        Ok(self.answer(command))
    }

    fn end(mut self: Box<Self>, ending: Ending) {
        assert_eq!(ending, Ending::LeaveCard);
        Self::end(&mut self);
    }
}
