//! Names as people search for them: what is typed differs from what the card has by spaces, width,
//! case, accents, and the variants of characters that keyboards lack.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of names that have a form which is easier to type: first that, then its variants.
const VARIANTS: [&str; 32] = [
    "高髙",
    "崎﨑嵜",
    "斎齋斉齊",
    "辺邊邉",
    "浜濱濵",
    "沢澤",
    "桜櫻",
    "広廣",
    "国國",
    "島嶋嶌",
    "徳德",
    "恵惠",
    "真眞",
    "竜龍",
    "滝瀧",
    "渕淵",
    "富冨",
    "吉𠮷",
    "槙槇",
    "曽曾",
    "桑桒",
    "黒黑",
    "館舘",
    "塩鹽",
    "栄榮",
    "円圓",
    "寿壽",
    "万萬",
    "関關",
    "与與",
    "条條",
    "鉄鐵",
];

/// The one form of all ways to write a name, without spaces.
pub(crate) fn fold(name: &str) -> String {
    name.nfkd()
        .filter(|it| !is_accent(*it) && !is_variation_selector(*it) && !it.is_whitespace())
        .nfc()
        .flat_map(char::to_lowercase)
        .map(easier)
        .collect()
}

/// The words of a search, each folded: a name that has all of them is found.
pub(crate) fn words(search: &str) -> Vec<String> {
    search.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect()
}

/// The marks of kana (濁点, 半濁点) tell one from another.
fn is_accent(it: char) -> bool {
    is_combining_mark(it) && !is_variation_selector(it) && !matches!(it, '\u{3099}' | '\u{309A}')
}

fn is_variation_selector(it: char) -> bool {
    matches!(it, '\u{180B}'..='\u{180D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn easier(it: char) -> char {
    let variants = VARIANTS.iter().find(|variants| variants.contains(it));
    variants.and_then(|variants| variants.chars().next()).unwrap_or(it)
}

#[cfg(test)]
mod tests {
    use super::{VARIANTS, fold, words};

    #[test]
    fn what_differs_by_how_it_is_typed_is_one_name() {
        for (name, typed) in [
            ("山田　花子", "山田 花子"),
            ("山田　花子", "山田花子"),
            ("SMITH　JOHN", "smith john"),
            ("ＳＭＩＴＨ", "Smith"),
            ("葛\u{E0100}城", "葛城"),
            ("髙橋", "高橋"),
            ("ﾊﾅｺ", "ハナコ"),
            ("ｶﾞﾝﾊﾞ", "ガンバ"),
            ("カ\u{3099}ンバ", "ガンバ"),
            ("齋藤", "斉藤"),
            ("ŌTA", "ota"),
            ("渡邉", "渡辺"),
        ] {
            assert_eq!(fold(name), fold(typed), "{name}");
        }
        for (one, other) in [("ハナコ", "バナコ"), ("山田", "山本"), ("大", "太")] {
            assert_ne!(fold(one), fold(other));
        }
        assert_eq!(words(" 山田　Ōta \u{FE0F} "), ["山田", "ota"]);
    }

    #[test]
    fn no_variant_is_of_two_characters() {
        let mut all: Vec<char> = VARIANTS.concat().chars().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
