//! The conversation with the bridge: what every pinentry program says, by the Assuan protocol. No
//! input, no output and no clock: lines come in, and what to do about them goes out.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::question::{Answer, Kind, Label, Question};

/// The longest line, with its end (Assuan, Client requests).
pub const MAX_LINE: usize = 1000;

/// What is said before the first line comes in.
pub const GREETING: &[u8] = b"OK Pleased to meet you\n";

/// What was said so far.
#[derive(Debug)]
pub struct Conversation {
    title: String,
    description: String,
    prompt: String,
    error: Option<String>,
    ok: String,
    not_ok: Option<String>,
    cancel: String,
    time_to_answer: Option<Duration>,
}

/// What is to be done about a line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Turn {
    /// To say this.
    Say(Line),
    /// To ask the person this, and to say what [`answered`] makes of it.
    Ask(Question),
    /// To say this, and end.
    End(Line),
}

/// Something to say. It is erased on drop, since it may be a PIN.
pub type Line = Zeroizing<Vec<u8>>;

/// The reason why something was not done.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Timeout,
    Cancelled,
    NotConfirmed,
    UnknownCommand,
    Parameter,
}

/// GPG_ERR_SOURCE_PINENTRY, in the place where libgpg-error has it.
const SOURCE: u32 = 5 << 24;

impl Default for Conversation {
    fn default() -> Self {
        Self {
            title: "PIN".to_owned(),
            description: String::new(),
            prompt: "PIN:".to_owned(),
            error: None,
            ok: "OK".to_owned(),
            not_ok: None,
            cancel: "Cancel".to_owned(),
            time_to_answer: None,
        }
    }
}

impl Conversation {
    /// Takes a line, without its end.
    pub fn hear(&mut self, line: &[u8]) -> Turn {
        let Some((command, parameter)) = parse(line) else {
            return Turn::Say(refused(Refusal::Parameter));
        };
        match command.as_str() {
            "SETTITLE" => self.title = parameter,
            "SETDESC" => self.description = parameter,
            "SETPROMPT" => self.prompt = parameter,
            "SETERROR" => self.error = Some(parameter),
            "SETOK" => self.ok = parameter,
            "SETNOTOK" => self.not_ok = (!parameter.is_empty()).then_some(parameter),
            "SETCANCEL" => self.cancel = parameter,
            "SETTIMEOUT" => match parameter.parse() {
                Ok(seconds) => {
                    self.time_to_answer = (seconds > 0).then_some(Duration::from_secs(seconds))
                }
                Err(_) => return Turn::Say(refused(Refusal::Parameter)),
            },
            // They are about terminals, displays and locales, of which there is one here.
            "OPTION" => {}
            "GETINFO" => return Turn::Say(information(&parameter)),
            "GETPIN" => return Turn::Ask(self.question(Kind::Pin)),
            "CONFIRM" if parameter == "--one-button" => {
                return Turn::Ask(self.question(Kind::Message));
            }
            "CONFIRM" => return Turn::Ask(self.question(Kind::Consent)),
            "MESSAGE" => return Turn::Ask(self.question(Kind::Message)),
            "RESET" => *self = Self::default(),
            "NOP" => {}
            "BYE" => return Turn::End(ok()),
            _ => return Turn::Say(refused(Refusal::UnknownCommand)),
        }
        Turn::Say(ok())
    }

    /// A mistake is told once: with the question that comes next.
    fn question(&mut self, kind: Kind) -> Question {
        let (heading, body) = self.description.split_once('\n').unwrap_or((&self.description, ""));
        Question {
            kind,
            title: self.title.clone(),
            heading: heading.to_owned(),
            body: body.to_owned(),
            error: self.error.take(),
            prompt: Label::of_field(&self.prompt),
            ok: Label::of_button(&self.ok),
            not_ok: self.not_ok.as_deref().filter(|_| kind == Kind::Consent).map(Label::of_button),
            cancel: Label::of_button(&self.cancel),
            time_to_answer: self.time_to_answer,
        }
    }
}

/// What to say of an answer.
#[must_use]
pub fn answered(answer: &Answer) -> Line {
    match answer {
        Answer::Typed(pin) => data(pin.as_bytes()),
        Answer::Agreed => ok(),
        Answer::Refused => refused(Refusal::NotConfirmed),
        Answer::Cancelled => refused(Refusal::Cancelled),
        Answer::TimedOut => refused(Refusal::Timeout),
    }
}

/// Whether a line ends the conversation, whatever is going on.
#[must_use]
pub fn is_bye(line: &[u8]) -> bool {
    parse(line).is_some_and(|(command, _)| command == "BYE")
}

/// The command, and what follows it.
fn parse(line: &[u8]) -> Option<(String, String)> {
    let line = str::from_utf8(line).ok()?;
    let (command, parameter) = line.split_once(' ').unwrap_or((line, ""));
    let parameter = unescaped(parameter.trim_start_matches(' ').as_bytes());
    Some((command.to_ascii_uppercase(), String::from_utf8(parameter).ok()?))
}

fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = escape(rest).unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn escape(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let &[b'%', high, low, ref after @ ..] = bytes else { return None };
    let digit = |c: u8| char::from(c).to_digit(16);
    Some((u8::try_from(digit(high)? << 4 | digit(low)?).ok()?, after))
}

fn information(of: &str) -> Line {
    match of {
        "flavor" => data(b"kazashi"),
        "version" => data(env!("CARGO_PKG_VERSION").as_bytes()),
        "pid" => data(std::process::id().to_string().as_bytes()),
        _ => refused(Refusal::Parameter),
    }
}

fn data(bytes: &[u8]) -> Line {
    // Of a size that it does not outgrow: what grows leaves what it held behind.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE));
    line.extend_from_slice(b"D ");
    for &byte in bytes {
        match byte {
            b'%' => line.extend_from_slice(b"%25"),
            b'\r' => line.extend_from_slice(b"%0D"),
            b'\n' => line.extend_from_slice(b"%0A"),
            _ => line.push(byte),
        }
    }
    line.extend_from_slice(b"\nOK\n");
    line
}

fn ok() -> Line {
    Zeroizing::new(b"OK\n".to_vec())
}

/// The codes are those of libgpg-error.
fn refused(refusal: Refusal) -> Line {
    let (code, words) = match refusal {
        Refusal::Timeout => (62, "Timeout"),
        Refusal::Cancelled => (99, "Operation cancelled"),
        Refusal::NotConfirmed => (114, "Not confirmed"),
        Refusal::UnknownCommand => (275, "Unknown IPC command"),
        Refusal::Parameter => (280, "IPC parameter error"),
    };
    Zeroizing::new(format!("ERR {} {words} <Pinentry>\n", SOURCE + code).into_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zeroize::Zeroizing;

    use super::{Conversation, Turn, answered, is_bye};
    use crate::question::{Answer, Kind, Question};

    fn said(conversation: &mut Conversation, line: &str) -> String {
        let (Turn::Say(said) | Turn::End(said)) = conversation.hear(line.as_bytes()) else {
            panic!("{line} asks")
        };
        String::from_utf8(said.to_vec()).unwrap()
    }

    fn asked(conversation: &mut Conversation, line: &str) -> Question {
        let Turn::Ask(question) = conversation.hear(line.as_bytes()) else { panic!("{line}") };
        question
    }

    #[test]
    fn what_the_bridge_says_becomes_a_question() {
        let mut conversation = Conversation::default();
        for line in [
            "OPTION ttyname=/dev/tty",
            "SETTITLE Kazashi",
            "SETOK OK",
            "SETCANCEL キャンセル",
            "SETTIMEOUT 60",
            "SETDESC https://a.example%0Aが求めています。%0A%0A残り3回",
            "SETPROMPT 暗証番号:",
        ] {
            assert_eq!(said(&mut conversation, line), "OK\n", "{line}");
        }
        let question = asked(&mut conversation, "GETPIN");
        assert_eq!(question.kind, Kind::Pin);
        assert_eq!(question.title, "Kazashi");
        assert_eq!(question.heading, "https://a.example");
        assert_eq!(question.body, "が求めています。\n\n残り3回");
        assert_eq!(question.prompt.as_str(), "暗証番号(&P):");
        assert_eq!(question.cancel.as_str(), "キャンセル");
        assert_eq!(question.time_to_answer, Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_mistake_is_told_once() {
        let mut conversation = Conversation::default();
        said(&mut conversation, "SETERROR The PIN is four digits.");
        let error = asked(&mut conversation, "GETPIN").error;
        assert_eq!(error.as_deref(), Some("The PIN is four digits."));
        assert_eq!(asked(&mut conversation, "GETPIN").error, None);
    }

    #[test]
    fn questions_are_told_apart() {
        let mut conversation = Conversation::default();
        for (line, kind) in [
            ("GETPIN", Kind::Pin),
            ("getpin", Kind::Pin),
            ("CONFIRM", Kind::Consent),
            ("CONFIRM --one-button", Kind::Message),
            ("MESSAGE", Kind::Message),
        ] {
            assert_eq!(asked(&mut conversation, line).kind, kind, "{line}");
        }
    }

    #[test]
    fn no_is_an_answer_of_its_own_where_a_button_is_named_for_it() {
        let mut conversation = Conversation::default();
        assert!(asked(&mut conversation, "CONFIRM").not_ok.is_none());
        said(&mut conversation, "SETNOTOK 許可しない(_N)");
        let not_ok = asked(&mut conversation, "CONFIRM").not_ok.unwrap();
        assert_eq!(not_ok.as_str(), "許可しない(&N)");
        for other in ["GETPIN", "MESSAGE", "CONFIRM --one-button"] {
            assert!(asked(&mut conversation, other).not_ok.is_none(), "{other}");
        }
        said(&mut conversation, "SETNOTOK");
        assert!(asked(&mut conversation, "CONFIRM").not_ok.is_none());
    }

    #[test]
    fn a_time_of_zero_has_no_end() {
        let mut conversation = Conversation::default();
        said(&mut conversation, "SETTIMEOUT 60");
        said(&mut conversation, "SETTIMEOUT 0");
        assert_eq!(asked(&mut conversation, "CONFIRM").time_to_answer, None);
    }

    #[test]
    fn what_is_no_request_is_refused_by_the_codes_of_libgpg_error() {
        let mut conversation = Conversation::default();
        for (line, expected) in [
            (&b"SETKEYINFO --clear"[..], "ERR 83886355 Unknown IPC command <Pinentry>\n"),
            (b"", "ERR 83886355 Unknown IPC command <Pinentry>\n"),
            (b"SETTIMEOUT soon", "ERR 83886360 IPC parameter error <Pinentry>\n"),
            (b"SETTIMEOUT -1", "ERR 83886360 IPC parameter error <Pinentry>\n"),
            (b"SETDESC %FF", "ERR 83886360 IPC parameter error <Pinentry>\n"),
            (b"SETDESC \xFF", "ERR 83886360 IPC parameter error <Pinentry>\n"),
            (b"GETINFO ttyinfo", "ERR 83886360 IPC parameter error <Pinentry>\n"),
        ] {
            let Turn::Say(said) = conversation.hear(line) else { panic!("{line:?}") };
            assert_eq!(str::from_utf8(&said).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn a_percent_sign_that_escapes_nothing_is_itself() {
        let mut conversation = Conversation::default();
        said(&mut conversation, "SETDESC 100% %zz %4");
        assert_eq!(asked(&mut conversation, "CONFIRM").heading, "100% %zz %4");
    }

    #[test]
    fn it_says_that_it_is_made_for_no_terminal() {
        let said = said(&mut Conversation::default(), "GETINFO flavor");
        assert_eq!(said, "D kazashi\nOK\n");
    }

    #[test]
    fn answers_are_said_as_every_pinentry_says_them() {
        let typed = |pin: &str| Answer::Typed(Zeroizing::new(pin.to_owned()));
        for (answer, expected) in [
            (typed("1234"), "D 1234\nOK\n"),
            (typed("a%b"), "D a%25b\nOK\n"),
            (Answer::Agreed, "OK\n"),
            (Answer::Cancelled, "ERR 83886179 Operation cancelled <Pinentry>\n"),
            (Answer::Refused, "ERR 83886194 Not confirmed <Pinentry>\n"),
            (Answer::TimedOut, "ERR 83886142 Timeout <Pinentry>\n"),
        ] {
            assert_eq!(str::from_utf8(&answered(&answer)).unwrap(), expected);
        }
    }

    #[test]
    fn a_pin_is_not_in_what_is_printed_of_an_answer() {
        let answer = Answer::Typed(Zeroizing::new("1234".to_owned()));
        assert!(!format!("{answer:?} {:?}", answered(&answer)).contains("1234"));
    }

    #[test]
    fn bye_ends_it() {
        assert!(matches!(Conversation::default().hear(b"BYE"), Turn::End(_)));
        assert!(is_bye(b"BYE"));
        assert!(!is_bye(b"SETDESC BYE"));
    }
}
