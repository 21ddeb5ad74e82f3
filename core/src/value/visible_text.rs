//! Text that a dialog shows as it is: nothing in it hides, turns what follows, or only takes room.

/// Whether a person sees all of the text, and sees something.
pub(super) fn is_visible(text: &str) -> bool {
    let mut before = ' ';
    let mut is_seen = false;
    for c in text.chars() {
        // A variant of a kanji is written with one behind it.
        let is_variant = is_variation_selector(c) && !before.is_whitespace();
        if is_hidden(c) || is_variation_selector(c) && !is_variant {
            return false;
        }
        is_seen |= !c.is_whitespace();
        before = if is_variant { ' ' } else { c };
    }
    is_seen
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Controls and line separators; what has no look of its own (Unicode Standard, 5.21,
/// `Default_Ignorable_Code_Point`, without variation selectors), such as the controls of direction
/// (Annex #9), fillers and joiners; annotation marks; and what looks like nothing: the pattern of
/// Braille without dots, and a notehead that is none.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}')
        || matches!(c, '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}')
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}')
        || matches!(c, '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}')
        || matches!(c, '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}')
        || matches!(c, '\u{E01F0}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::is_visible;

    #[test]
    fn what_is_written_is_seen() {
        for text in [
            "賃貸借契約書",
            "Lease agreement 2026",
            "a",
            "契約\u{3000}二",
            "カ\u{3099}",
            "한국",
            "👍\u{FE0F}",
        ] {
            assert!(is_visible(text), "{text:?}");
        }
        // 葛 as the city of Katsuragi writes it
        assert!(is_visible("葛\u{E0100}城市"));
    }

    #[test]
    fn what_nobody_sees_is_not() {
        for hidden in [
            "\n",
            "\u{7}",
            "\u{AD}",
            "\u{34F}",
            "\u{61C}",
            "\u{115F}",
            "\u{1160}",
            "\u{17B4}",
            "\u{180E}",
            "\u{200B}",
            "\u{200D}",
            "\u{202E}",
            "\u{2028}",
            "\u{2060}",
            "\u{2065}",
            "\u{2066}",
            "\u{2800}",
            "\u{3164}",
            "\u{FEFF}",
            "\u{FFA0}",
            "\u{FFF9}",
            "\u{1D159}",
            "\u{1D173}",
            "\u{E0001}",
            "\u{E0041}",
        ] {
            for text in [hidden.to_owned(), format!("a{hidden}"), format!("{hidden}b")] {
                assert!(!is_visible(&text), "{text:?}");
            }
        }
        for nothing in ["", " ", "\u{3000}\u{A0}", "\u{FE0F}", " \u{E0100}", "a\u{FE00}\u{FE00}"] {
            assert!(!is_visible(nothing), "{nothing:?}");
        }
    }
}
