//! What a person is asked, and what they answer.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

/// What a dialog shows.
#[derive(Debug)]
#[non_exhaustive]
pub struct Question {
    /// What it asks for.
    pub kind: Kind,
    /// Title of the window.
    pub title: String,
    /// The first line of the description, which is the first thing that one sees: who asks.
    pub heading: String,
    /// The rest of the description.
    pub body: String,
    /// A mistake in what was typed before.
    pub error: Option<String>,
    /// What stands before the field.
    pub prompt: Label,
    /// What stands on the button that agrees.
    pub ok: Label,
    /// What stands on the button that says no, if no is another answer than to cancel.
    pub not_ok: Option<Label>,
    /// What stands on the button that cancels.
    pub cancel: Label,
    /// How long it stays open, if it has an end.
    pub time_to_answer: Option<Duration>,
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A PIN.
    Pin,
    /// A yes.
    Consent,
    /// Nothing: it tells something.
    Message,
}

/// What the person did. `Debug` shows nothing of what was typed.
#[non_exhaustive]
pub enum Answer {
    /// Typed this.
    Typed(Zeroizing<String>),
    /// Said yes.
    Agreed,
    /// Said no.
    Refused,
    /// Closed the dialog; or nobody waits for an answer any more.
    Cancelled,
    /// Nothing, in the time that there was.
    TimedOut,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Typed(_) => "Typed",
            Self::Agreed => "Agreed",
            Self::Refused => "Refused",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "TimedOut",
        })
    }
}

/// A text as Windows takes it for what has an access key: `&` before the letter, `&&` for itself.
#[derive(Clone, Debug)]
pub struct Label(String);

impl Label {
    /// What stands on a button. Other pinentries take `_` before the letter of an access key, and
    /// `__` for itself. Enter and Esc serve where there is none, as in every dialog of Windows.
    pub(crate) fn of_button(text: &str) -> Self {
        let marked = escaped(text).replace("__", "\0").replace('_', "&").replace('\0', "_");
        Self(marked)
    }

    /// What stands before the field. Its access key is the first letter; where that is none of a
    /// keyboard it is P, in brackets before the colon, as Windows has it.
    pub(crate) fn of_field(text: &str) -> Self {
        let text = escaped(text);
        Self(match text.strip_suffix(':') {
            _ if text.starts_with(|first: char| first.is_ascii_alphabetic()) => format!("&{text}"),
            Some(before) => format!("{before}(&P):"),
            None => format!("{text}(&P)"),
        })
    }

    /// The text, with its marks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn buttons_have_the_access_keys_that_they_are_given() {
        for (text, expected) in [
            ("OK", "OK"),
            ("_Cancel", "&Cancel"),
            ("キャンセル(_C)", "キャンセル(&C)"),
            ("a__b & c", "a_b && c"),
        ] {
            assert_eq!(Label::of_button(text).as_str(), expected);
        }
    }

    #[test]
    fn a_field_always_has_an_access_key() {
        for (text, expected) in [
            ("PIN:", "&PIN:"),
            ("Password:", "&Password:"),
            ("暗証番号:", "暗証番号(&P):"),
            ("暗証番号", "暗証番号(&P)"),
            ("", "(&P)"),
        ] {
            assert_eq!(Label::of_field(text).as_str(), expected);
        }
    }
}
