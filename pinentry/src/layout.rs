//! Where everything in a dialog is: computed from the texts as they are measured and from the dots
//! per inch, so that nothing is cut off, however long a text or large a letter is.

use crate::question::{Kind, Question};

/// Lengths at 96 dots per inch. The width of the texts:
const WIDTH: i32 = 460;
/// Around everything.
const MARGIN: i32 = 20;
/// Between texts, and between a text and the field.
const GAP: i32 = 12;
/// Before the buttons.
const GAP_BEFORE_BUTTONS: i32 = 20;
/// Between the field and the text before it, and between buttons.
const GAP_IN_ROW: i32 = 8;
/// What the field has around a line.
const FIELD_PADDING: i32 = 7;
/// What a button has around its text, and how wide it is at least.
const BUTTON_PADDING: (i32, i32) = (32, 12);
const BUTTON_WIDTH: i32 = 88;

/// How a text looks. The templates of the dialogs have the same fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Who asks.
    Heading,
    /// What needs attention.
    Strong,
    /// Everything else.
    Plain,
}

/// Width and height.
pub type Size = (i32, i32);

/// A place in the dialog, from its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// To the right.
    pub width: i32,
    /// Downwards.
    pub height: i32,
}

/// Where everything is. What a question has no need of is nowhere.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Layout {
    /// Who asks.
    pub heading: Place,
    /// For what.
    pub body: Place,
    /// What was wrong before.
    pub error: Option<Place>,
    /// What stands before the field, and the field.
    pub field: Option<(Place, Place)>,
    /// The button that agrees.
    pub ok: Place,
    /// The button that says no.
    pub not_ok: Option<Place>,
    /// The button that cancels.
    pub cancel: Option<Place>,
    /// Everything, with the margins.
    pub size: Size,
}

impl Layout {
    /// Lays out a question for so many dots per inch. `measure` says how large a text is in lines of a
    /// width at most.
    pub fn new(question: &Question, dpi: i32, measure: impl Fn(Style, &str, i32) -> Size) -> Self {
        let px = |length: i32| length * dpi / 96;
        let width = px(WIDTH);
        let mut column = Column { x: px(MARGIN), y: px(MARGIN), width };
        let text = |style, text: &str| measure(style, text, width).1;

        let heading = column.take(text(Style::Heading, &question.heading));
        column.skip(px(GAP) / 2);
        let body = column.take(text(Style::Plain, &question.body));
        let error = question.error.as_deref().map(|error| {
            column.skip(px(GAP));
            column.take(text(Style::Strong, error))
        });
        let field = (question.kind == Kind::Pin).then(|| {
            column.skip(px(GAP));
            let prompt = measure(Style::Plain, question.prompt.as_str(), width / 2);
            let row = column.take(prompt.1 + px(FIELD_PADDING));
            field(row, prompt, px(GAP_IN_ROW))
        });
        column.skip(px(GAP_BEFORE_BUTTONS));

        let button = |label: &str| {
            let (text_width, text_height) = measure(Style::Plain, label, width);
            let (around, above) = BUTTON_PADDING;
            (px(BUTTON_WIDTH).max(text_width + px(around)), text_height + px(above))
        };
        let has_cancel = question.kind != Kind::Message;
        let ok = button(question.ok.as_str());
        let not_ok = question.not_ok.as_ref().map(|label| button(label.as_str()));
        let cancel = has_cancel.then(|| button(question.cancel.as_str()));
        let height = |button: Option<Size>| button.map_or(0, |(_, height)| height);
        let place = column.take(ok.1.max(height(not_ok)).max(height(cancel)));
        // On the right, the one that cancels last, as Windows has it.
        let mut row = Row { place, gap: px(GAP_IN_ROW) };
        let cancel = cancel.map(|(width, _)| row.take_last(width));
        let not_ok = not_ok.map(|(width, _)| row.take_last(width));
        let ok = row.take_last(ok.0);

        let size = (width + 2 * px(MARGIN), column.y + px(MARGIN));
        Self { heading, body, error, field, ok, not_ok, cancel, size }
    }
}

/// Rows, one under the other.
struct Column {
    x: i32,
    y: i32,
    width: i32,
}

impl Column {
    fn take(&mut self, height: i32) -> Place {
        let place = Place { x: self.x, y: self.y, width: self.width, height };
        self.y += height;
        place
    }

    fn skip(&mut self, height: i32) {
        self.y += height;
    }
}

/// A row that is filled from its end.
struct Row {
    place: Place,
    gap: i32,
}

impl Row {
    fn take_last(&mut self, width: i32) -> Place {
        let x = self.place.x + self.place.width - width;
        self.place.width -= width + self.gap;
        Place { x, width, ..self.place }
    }
}

/// The text in the middle of the row's height, and the field beside it.
fn field(row: Place, (width, height): Size, gap: i32) -> (Place, Place) {
    let prompt = Place { x: row.x, y: row.y + (row.height - height) / 2, width, height };
    let left = width + gap;
    (prompt, Place { x: row.x + left, width: row.width - left, ..row })
}

#[cfg(test)]
mod tests {
    use super::{Layout, Place, Size, Style};
    use crate::conversation::{Conversation, Turn};
    use crate::question::Question;

    fn question(kind: &str, description: &str, error: Option<&str>) -> Question {
        let mut conversation = Conversation::default();
        conversation.hear(format!("SETDESC {description}").as_bytes());
        conversation.hear(b"SETNOTOK Do not allow");
        if let Some(error) = error {
            conversation.hear(format!("SETERROR {error}").as_bytes());
        }
        let Turn::Ask(question) = conversation.hear(kind.as_bytes()) else { panic!("{kind}") };
        question
    }

    /// Letters as wide as half of their height.
    fn measure(dpi: i32) -> impl Fn(Style, &str, i32) -> Size {
        move |style, text, width| {
            let height = dpi * if style == Style::Heading { 14 } else { 10 } / 72;
            let letter = height / 2;
            let lines = text.split('\n').map(|line| {
                let wide = i32::try_from(line.chars().count()).unwrap() * letter;
                (wide.min(width), 1.max((wide + width - 1) / width))
            });
            let widest = lines.clone().map(|(wide, _)| wide).max().unwrap_or_default();
            (widest, height * lines.map(|(_, count)| count).sum::<i32>())
        }
    }

    fn places(layout: &Layout) -> Vec<Place> {
        let (prompt, field) = layout.field.unzip();
        [
            Some(layout.heading),
            Some(layout.body),
            layout.error,
            prompt,
            field,
            Some(layout.ok),
            layout.not_ok,
            layout.cancel,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    #[test]
    fn nothing_is_outside_or_on_something_else_at_any_scaling() {
        let description =
            ["https://", &"long.".repeat(50), "example%0Aasks%0A%0ATries left: 3"].concat();
        for dpi in [96, 120, 144, 192, 240] {
            for kind in ["GETPIN", "CONFIRM", "MESSAGE"] {
                let question = question(kind, &description, Some("The PIN is four digits."));
                let layout = Layout::new(&question, dpi, measure(dpi));
                let places = places(&layout);
                for (index, place) in places.iter().enumerate() {
                    assert!(place.x >= 0 && place.x + place.width <= layout.size.0, "{dpi} {kind}");
                    assert!(
                        place.y >= 0 && place.y + place.height <= layout.size.1,
                        "{dpi} {kind}"
                    );
                    for other in &places[index + 1..] {
                        let is_beside = place.x + place.width <= other.x;
                        assert!(place.y + place.height <= other.y || is_beside, "{dpi} {kind}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_question_has_what_it_needs() {
        let layout = |kind| Layout::new(&question(kind, "a%0Ab", None), 96, measure(96));
        let (pin, consent, message) = (layout("GETPIN"), layout("CONFIRM"), layout("MESSAGE"));
        assert!(pin.field.is_some() && pin.cancel.is_some() && pin.error.is_none());
        assert!(consent.field.is_none() && consent.not_ok.is_some() && consent.cancel.is_some());
        assert!(message.field.is_none() && message.not_ok.is_none() && message.cancel.is_none());
    }
}
