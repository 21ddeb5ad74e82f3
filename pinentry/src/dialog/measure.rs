//! How large a text is in the fonts of the dialogs.

use winsafe::guard::DeleteObjectGuard;
use winsafe::prelude::*;
use winsafe::{HFONT, HWND, LOGFONT, RECT, SysResult, co};

use crate::layout::{Size, Style};

/// The font of the templates in `resources`. It has Japanese letters in their Japanese forms whatever
/// the language of Windows, and Latin ones that match them.
const FACE: &str = "Yu Gothic UI";

/// Lines as static controls break them: between words, and within one that is too long.
const AS_STATIC_CONTROLS: [co::DT; 5] = [
    co::DT::CALCRECT,
    co::DT::WORDBREAK,
    co::DT::EDITCONTROL,
    co::DT::NOPREFIX,
    co::DT::EXPANDTABS,
];

/// Measures texts for a screen of so many dots per inch.
pub(super) struct Ruler {
    dpi: i32,
    heading: DeleteObjectGuard<HFONT>,
    strong: DeleteObjectGuard<HFONT>,
    plain: DeleteObjectGuard<HFONT>,
}

impl Ruler {
    pub(super) fn new(dpi: u32) -> SysResult<Self> {
        let dpi = i32::try_from(dpi).unwrap_or(96);
        Ok(Self {
            dpi,
            heading: font(dpi, 14, co::FW::BOLD)?,
            strong: font(dpi, 10, co::FW::BOLD)?,
            plain: font(dpi, 10, co::FW::NORMAL)?,
        })
    }

    pub(super) fn dpi(&self) -> i32 {
        self.dpi
    }

    /// How large a text is in lines of this width at most.
    pub(super) fn measure(&self, style: Style, text: &str, width: i32) -> Size {
        let font = match style {
            Style::Heading => &self.heading,
            Style::Strong => &self.strong,
            Style::Plain => &self.plain,
        };
        measure(font, text, width).unwrap_or_default()
    }
}

fn measure(font: &HFONT, text: &str, width: i32) -> SysResult<Size> {
    let screen = HWND::NULL.GetDC()?;
    let _selected = screen.SelectObject(font)?;
    let mut bounds = RECT { right: width, ..RECT::default() };
    let format = AS_STATIC_CONTROLS.into_iter().fold(co::DT::default(), |all, one| all | one);
    screen.DrawText(text, &mut bounds, format)?;
    Ok((bounds.right, bounds.bottom))
}

fn font(dpi: i32, points: i32, weight: co::FW) -> SysResult<DeleteObjectGuard<HFONT>> {
    // Negative: the height of letters, without the space above them.
    let mut font = LOGFONT::new_face(-(points * dpi + 36) / 72, FACE);
    font.lfWeight = weight;
    font.lfCharSet = co::CHARSET::DEFAULT;
    HFONT::CreateFontIndirect(&font)
}
