//! The window and what is in it: native controls, of the templates in `resources`.

use winsafe::gui::{self, Horz, Vert};
use winsafe::prelude::*;
use winsafe::{AdjustWindowRectExForDpi, HWND, HwndPlace, POINT, RECT, SIZE, SysResult, co};

use crate::dialog::measure::Ruler;
use crate::layout::{Layout, Place};
use crate::question::{Kind, Label, Question};

/// Names in the templates.
const DIALOG: u16 = 100;
const HEADING_PANE: u16 = 101;
const ERROR_PANE: u16 = 102;
const TEXT: u16 = 10;
const PROMPT: u16 = 11;
const FIELD: u16 = 12;
const NOT_OK: u16 = 13;

/// What may be typed: more than any PIN or password of a card, and short of a line of the protocol.
const MAX_TYPED: u32 = 64;

/// Nothing moves with the window's edge: the window cannot be resized.
const FIXED: (Horz, Vert) = (Horz::None, Vert::None);

#[derive(Clone)]
pub(super) struct Controls {
    pub(super) window: gui::WindowMain,
    pub(super) field: gui::Edit,
    pub(super) ok: gui::Button,
    pub(super) not_ok: gui::Button,
    pub(super) cancel: gui::Button,
    prompt: gui::Label,
    body: gui::Label,
    heading: Text,
    error: Text,
}

/// A text in a font of its own, which takes a dialog of its own.
#[derive(Clone)]
struct Text {
    pane: gui::WindowControl,
    label: gui::Label,
}

impl Controls {
    pub(super) fn new() -> Self {
        let window = gui::WindowMain::new_dlg(DIALOG, None, None);
        Self {
            field: gui::Edit::new_dlg(&window, FIELD, FIXED),
            ok: gui::Button::new_dlg(&window, co::DLGID::OK.raw(), FIXED),
            not_ok: gui::Button::new_dlg(&window, NOT_OK, FIXED),
            cancel: gui::Button::new_dlg(&window, co::DLGID::CANCEL.raw(), FIXED),
            prompt: gui::Label::new_dlg(&window, PROMPT, FIXED),
            body: gui::Label::new_dlg(&window, TEXT, FIXED),
            heading: Text::new(&window, HEADING_PANE),
            error: Text::new(&window, ERROR_PANE),
            window,
        }
    }

    /// Puts the question in, and the window in the middle of the screen that the person looks at.
    pub(super) fn show(&self, question: &Question) -> SysResult<()> {
        self.fill(question)?;
        self.put_in_reading_order()?;
        let screen = HWND::GetForegroundWindow()
            .unwrap_or(HWND::NULL)
            .MonitorFromWindow(co::MONITOR::DEFAULTTONEAREST)
            .GetMonitorInfo()?
            .rcWork;
        // First onto that screen: it may have other dots per inch.
        let corner = POINT { x: screen.left, y: screen.top };
        self.move_window(corner, SIZE::default(), co::SWP::NOSIZE)?;
        self.lay_out(question)?;
        let window = self.window.hwnd().GetWindowRect()?;
        let middle = POINT {
            x: (screen.left + screen.right - (window.right - window.left)) / 2,
            y: (screen.top + screen.bottom - (window.bottom - window.top)) / 2,
        };
        self.move_window(middle, SIZE::default(), co::SWP::NOSIZE)
    }

    fn fill(&self, question: &Question) -> SysResult<()> {
        self.window.hwnd().SetWindowText(&question.title)?;
        self.heading.label.hwnd().SetWindowText(&question.heading)?;
        self.body.hwnd().SetWindowText(&question.body)?;
        self.error.label.hwnd().SetWindowText(question.error.as_deref().unwrap_or_default())?;
        self.prompt.hwnd().SetWindowText(question.prompt.as_str())?;
        self.ok.hwnd().SetWindowText(question.ok.as_str())?;
        let not_ok = question.not_ok.as_ref().map_or("", Label::as_str);
        self.not_ok.hwnd().SetWindowText(not_ok)?;
        self.cancel.hwnd().SetWindowText(question.cancel.as_str())?;
        self.field.limit_text(Some(MAX_TYPED));
        show(self.error.pane.hwnd(), question.error.is_some());
        show(self.prompt.hwnd(), question.kind == Kind::Pin);
        show(self.field.hwnd(), question.kind == Kind::Pin);
        show(self.not_ok.hwnd(), question.not_ok.is_some());
        show(self.cancel.hwnd(), question.kind != Kind::Message);
        Ok(())
    }

    /// Screen readers read from top to bottom what was made in another order.
    fn put_in_reading_order(&self) -> SysResult<()> {
        let (flags, nowhere) =
            (co::SWP::NOMOVE | co::SWP::NOSIZE | co::SWP::NOACTIVATE, POINT::default());
        let heading = self.heading.pane.hwnd();
        heading.SetWindowPos(
            HwndPlace::Place(co::HWND_PLACE::TOP),
            nowhere,
            SIZE::default(),
            flags,
        )?;
        let body = self.window.hwnd().GetDlgItem(TEXT)?;
        self.error.pane.hwnd().SetWindowPos(HwndPlace::Hwnd(body), nowhere, SIZE::default(), flags)
    }

    /// Gives everything its place, as the screen is on which the window is. Its corner stays.
    pub(super) fn lay_out(&self, question: &Question) -> SysResult<()> {
        let window = self.window.hwnd();
        let dpi = window.GetDpiForWindow();
        let ruler = Ruler::new(dpi)?;
        let layout = Layout::new(question, ruler.dpi(), |style, text, width| {
            ruler.measure(style, text, width)
        });
        self.heading.place(layout.heading)?;
        place(self.body.hwnd(), layout.body)?;
        self.error.place(layout.error.unwrap_or_default())?;
        let (prompt, field) = layout.field.unwrap_or_default();
        place(self.prompt.hwnd(), prompt)?;
        place(self.field.hwnd(), field)?;
        place(self.ok.hwnd(), layout.ok)?;
        place(self.not_ok.hwnd(), layout.not_ok.unwrap_or_default())?;
        place(self.cancel.hwnd(), layout.cancel.unwrap_or_default())?;

        let (right, bottom) = layout.size;
        let inside = RECT { left: 0, top: 0, right, bottom };
        let around =
            AdjustWindowRectExForDpi(inside, window.style(), false, window.style_ex(), dpi)?;
        let size = SIZE { cx: around.right - around.left, cy: around.bottom - around.top };
        self.move_window(POINT::default(), size, co::SWP::NOMOVE)
    }

    fn move_window(&self, corner: POINT, size: SIZE, flags: co::SWP) -> SysResult<()> {
        let flags = flags | co::SWP::NOACTIVATE | co::SWP::NOZORDER;
        self.window.hwnd().SetWindowPos(HwndPlace::None, corner, size, flags)
    }
}

impl Text {
    fn new(window: &gui::WindowMain, template: u16) -> Self {
        let pane = gui::WindowControl::new_dlg(window, template, (0, 0), FIXED, None);
        // It gives its text no focus, which would bring the keyboard to the window.
        pane.on().wm_init_dialog(|_| Ok(false));
        Self { label: gui::Label::new_dlg(&pane, TEXT, FIXED), pane }
    }

    fn place(&self, at: Place) -> SysResult<()> {
        place(self.pane.hwnd(), at)?;
        place(self.label.hwnd(), Place { x: 0, y: 0, ..at })
    }
}

fn place(control: &HWND, Place { x, y, width, height, .. }: Place) -> SysResult<()> {
    control.MoveWindow(POINT { x, y }, SIZE { cx: width, cy: height }, true)
}

fn show(control: &HWND, is_shown: bool) {
    control.ShowWindow(if is_shown { co::SW::SHOWNA } else { co::SW::HIDE });
}
