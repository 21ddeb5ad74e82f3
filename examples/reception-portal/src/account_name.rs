//! Names of accounts: what may be in one, and which of them people take for the same.

use unicode_normalization::UnicodeNormalization;
use unicode_security::GeneralSecurityProfile;
use unicode_security::confusable_detection::skeleton;

/// The name as it is kept: in normalization form KC, so that it does not matter how it was typed.
/// Nothing, if it is empty or longer than 64 characters, or has anything in it that nobody sees: a
/// control, a mark for bidirectional text, a letter that is blank, a space but between two words.
pub(crate) fn prepare(name: &str) -> Option<String> {
    let name: String = name.nfkc().collect();
    let are_words = name.split(' ').all(|word| !word.is_empty() && word.chars().all(is_seen));
    ((1..=64).contains(&name.chars().count()) && are_words).then_some(name)
}

/// What identifiers are made of (UTS #39, General Security Profile); what else is on a keyboard; and
/// the characters of Japanese names that came to Unicode late.
fn is_seen(character: char) -> bool {
    character.identifier_allowed()
        || character.is_ascii_graphic()
        || matches!(character, '\u{FA0E}'..='\u{FA29}' | '\u{20000}'..='\u{323AF}')
}

/// The same for all ways to type a name: full width or half, capitals or small letters.
pub(crate) fn fold(name: &str) -> String {
    name.trim().nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// The same for all names that look alike (UTS #39, skeletons): Latin and Cyrillic, kana and kanji, and
/// whatever else older names have in them that nobody sees.
pub(crate) fn look(name: &str) -> String {
    let seen = |&character: &char| character == ' ' || is_seen(character);
    skeleton(&fold(name).chars().filter(seen).collect::<String>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_taken_as_they_write_them() {
        for name in [
            "hana",
            "山田 花子",
            "髙﨑",
            "𠮷田",
            "佐々木",
            "オノ・ヨーコ",
            "ヶ丘",
            "O'Hara",
            "hana@town.example",
            "Łukasz",
            "山田-2",
        ] {
            assert_eq!(prepare(name).as_deref(), Some(name));
        }
        assert_eq!(prepare("ｈａｎａ").as_deref(), Some("hana"));
        assert_eq!(prepare("ﾊﾅｺ").as_deref(), Some("ハナコ"));
        assert_eq!(prepare("山田\u{3000}花子").as_deref(), Some("山田 花子"));
        assert_eq!(prepare("か\u{3099}く").as_deref(), Some("がく"));
    }

    #[test]
    fn nothing_that_is_not_seen_is_in_a_name() {
        for name in [
            "",
            " ",
            "\u{3000}",
            " hana",
            "hana ",
            "a  b",
            "a\nb",
            "a\0",
            "hana\u{200B}",
            "hana\u{202E}",
            "\u{FEFF}hana",
            "ha\u{AD}na",
            "\u{3164}",
            "\u{FFA0}",
            "\u{115F}a",
            "\u{2800}",
            "a\u{2060}",
            "a\u{180E}",
            "葛\u{E0100}",
            "a\u{E0061}",
            "a\u{2028}b",
            "a\u{FE0F}",
            "a\u{034F}",
            "\u{2066}a",
            "a\u{1D173}",
        ] {
            assert_eq!(prepare(name), None, "{name:?}");
        }
        assert_eq!(prepare(&"x".repeat(65)), None);
    }

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in [
            ("hana", "h\u{430}na"),
            ("hana", "ｈａｎａ"),
            ("hana", "Hana"),
            ("hana", "hana\u{200B}"),
            ("がく", "か\u{3099}く"),
            ("力也", "カ也"),
            ("山田 花子", "山田\u{3000}花子"),
        ] {
            assert_eq!(look(one), look(other), "{one} {other}");
        }
        assert_ne!(look("hana"), look("hanako"));
        assert_ne!(look("かく"), look("がく"));
    }
}
