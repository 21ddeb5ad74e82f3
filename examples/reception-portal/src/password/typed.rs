//! A password as people give it: how it was typed does not matter, and what many others chose is no
//! secret (NIST SP 800-63B, 5.1.1.2).

use std::sync::LazyLock;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum UnsuitablePassword {
    #[error("a password has {SHORTEST} to {LONGEST} characters")]
    Length,
    #[error("a password is one line of text")]
    Controls,
    #[error("the password is among the first that others would try")]
    Common,
}

const SHORTEST: usize = 8;
const LONGEST: usize = 256;

/// Passwords that are known from many leaks, and what people make them of: in small letters.
static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// The password in normalization form KC, by which it is the same whether its letters were typed full
/// width or half, composed or not.
pub(crate) fn normalized(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

/// The normalized password, if it will do for an account. `names` are what everybody would try here: the
/// account's, and the institution's.
pub(crate) fn suitable(
    password: &str,
    names: &[&str],
) -> Result<Zeroizing<String>, UnsuitablePassword> {
    let password = normalized(password);
    if !(SHORTEST..=LONGEST).contains(&password.chars().count()) {
        return Err(UnsuitablePassword::Length);
    }
    if password.chars().any(char::is_control) {
        return Err(UnsuitablePassword::Controls);
    }
    match is_common(&password, names) {
        true => Err(UnsuitablePassword::Common),
        false => Ok(password),
    }
}

/// Whether it is one of the common ones, or such a name, whatever figures and signs stand around it; or
/// one character over and over, or as they follow each other.
fn is_common(password: &str, names: &[&str]) -> bool {
    let password = Zeroizing::new(password.to_lowercase());
    let word = password.trim_matches(|character: char| !character.is_alphabetic());
    let is_name = |name: &&str| {
        let name = normalized(name).to_lowercase();
        !name.is_empty() && (*password == name || word == name)
    };
    COMMON.iter().any(|common| *common == *password || *common == word)
        || names.iter().any(is_name)
        || is_run(&password)
}

/// Whether each character is as far from the one before as all others: aaaaaaaa, 23456789, hgfedcba.
fn is_run(password: &str) -> bool {
    let places: Vec<_> =
        password.chars().map(|character| i64::from(u32::from(character))).collect();
    let mut steps = places.iter().zip(places.iter().skip(1)).map(|(one, next)| next - one);
    let first = steps.next().unwrap_or_default();
    (-1..=1).contains(&first) && steps.all(|step| step == first)
}

/// Why what a file or a pipe gave is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum UnreadablePassword {
    #[error("the password is in UTF-16: have it written in UTF-8")]
    Utf16,
    #[error("the password is not in UTF-8, perhaps in CP932 (Shift_JIS): have it written in UTF-8")]
    NotUtf8,
    #[error("there is more than one line")]
    Lines,
}

/// The password that a file or a pipe gave: one line in UTF-8, with a byte order mark or without, ended
/// or not.
pub(crate) fn read(bytes: &[u8]) -> Result<&str, UnreadablePassword> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0) {
        return Err(UnreadablePassword::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|_| UnreadablePassword::NotUtf8)?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.contains(['\r', '\n']) {
        true => Err(UnreadablePassword::Lines),
        false => Ok(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_password_was_typed_does_not_matter() {
        let typed = ["がくしゃ１２３", "か\u{3099}くしゃ123", "がくしゃ123"].map(normalized);
        assert!(typed.iter().all(|password| *password == typed[0]));
        assert_eq!(*normalized("ｐａｓｓ　ｗｏｒｄ"), "pass word");
    }

    #[test]
    fn what_everybody_would_try_is_refused() {
        for password in [
            "12345678",
            "１２３４５６７８",
            "password",
            "Password1!",
            "ＰＡＳＳＷＯＲＤ",
            "qwertyuiop",
            "aaaaaaaa",
            "23456789",
            "hgfedcba",
            "hana2026",
            "2026-hana",
            "番号町役場2026",
            "Bango Town Hall",
            "1q2w3e4r",
            "!!welcome!!",
            "ああああああああ",
        ] {
            let refused = suitable(password, &["hana", "番号町役場", "Bango Town Hall"]);
            assert_eq!(refused, Err(UnsuitablePassword::Common), "{password}");
        }
        for password in
            ["correct horse", "battery staple", "83520174", "hanamizuki no ki", "ひみつのことば１"]
        {
            assert!(suitable(password, &["hana", "受付"]).is_ok(), "{password}");
        }
        assert_eq!(suitable("short", &[]), Err(UnsuitablePassword::Length));
        assert_eq!(suitable(&"x1".repeat(129), &[]), Err(UnsuitablePassword::Length));
        assert_eq!(suitable("correct\thorse", &[]), Err(UnsuitablePassword::Controls));
    }

    #[test]
    fn a_password_is_read_as_files_and_shells_give_it() {
        let of = |bytes: &'static [u8]| read(bytes);
        for bytes in
            [&b"pass word"[..], b"pass word\n", b"pass word\r\n", b"\xEF\xBB\xBFpass word\r\n"]
        {
            assert_eq!(read(bytes), Ok("pass word"));
        }
        assert_eq!(of(b"\xFF\xFEp\0a\0"), Err(UnreadablePassword::Utf16));
        assert_eq!(of(b"\xFE\xFF\0p\0a"), Err(UnreadablePassword::Utf16));
        assert_eq!(of(b"p\0a\0s\0"), Err(UnreadablePassword::Utf16));
        assert_eq!(of(b"\x83p\x83X\x83\x8f\x81[\x83h"), Err(UnreadablePassword::NotUtf8));
        assert_eq!(of(b"one\ntwo\n"), Err(UnreadablePassword::Lines));
    }
}
