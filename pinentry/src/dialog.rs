//! The dialog. It lies above all windows and takes the keyboard from none in which somebody is typing;
//! and it may be answered only when whoever has it before them had a moment to see it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use winsafe::gui;
use winsafe::prelude::*;
use winsafe::{
    AnyResult, FLASHWINFO, FlashWindowEx, GetLastInputInfo, GetTickCount64, HWND, SysResult, co,
    msg,
};
use zeroize::Zeroizing;

use crate::dialog::controls::Controls;
use crate::question::{Answer, Kind, Question};
use crate::requests::Requests;
use crate::settling::Settling;

mod controls;
mod measure;

/// How long nobody touched keyboard or mouse when the dialog asks for the keyboard: whoever types pauses
/// between words, but seldom for so long.
const PAUSE: Duration = Duration::from_secs(2);

/// How the keyboard comes to a window: not by a click, as far as Windows knows.
const WA_ACTIVE: usize = 1;

/// The timer by which the dialog sees what time it is, and whether anybody waits for an answer.
const TIMER: usize = 1;
const TIMER_MILLISECONDS: u32 = 50;

/// The screen, with one dialog at a time.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    /// Whether the last dialog was answered: then the keyboard is this program's, and the next
    /// dialog goes on with it.
    was_answered: bool,
}

impl Screen {
    /// Asks the person, and waits for the answer.
    pub(crate) fn ask(
        &mut self,
        question: Question,
        requests: &Rc<RefCell<Requests>>,
    ) -> AnyResult<Answer> {
        let answer = Dialog::open(question, Rc::clone(requests), self.was_answered)?;
        self.was_answered = !matches!(answer, Answer::TimedOut);
        Ok(answer)
    }
}

struct Dialog {
    controls: Controls,
    question: Question,
    requests: Rc<RefCell<Requests>>,
    opened_at: Instant,
    settling: Cell<Settling>,
    /// How much was in the field before it changed.
    length: Cell<usize>,
    is_announced: Cell<bool>,
    /// Whether it has yet to ask for the keyboard.
    wants_keyboard: Cell<bool>,
    /// Whether the keyboard was this program's until now.
    continues: bool,
    /// Whether the screen has other dots per inch than those it was laid out for.
    is_out_of_place: Cell<bool>,
    answer: RefCell<Option<Answer>>,
}

impl Dialog {
    fn open(
        question: Question,
        requests: Rc<RefCell<Requests>>,
        continues: bool,
    ) -> AnyResult<Answer> {
        let now = Instant::now();
        let this = Rc::new(Self {
            controls: Controls::new(),
            question,
            requests,
            opened_at: now,
            settling: Cell::new(Settling::begins(now)),
            length: Cell::default(),
            is_announced: Cell::new(false),
            wants_keyboard: Cell::new(true),
            continues,
            is_out_of_place: Cell::new(false),
            answer: RefCell::default(),
        });
        this.listen();
        this.controls.window.run_main(Some(co::SW::SHOWNOACTIVATE))?;
        Ok(this.answer.take().unwrap_or(Answer::Cancelled))
    }

    fn listen(self: &Rc<Self>) {
        let window = self.controls.window.on();
        window.wm_init_dialog(self.hook(|this, _| {
            this.begin()?;
            // Not to give a control the focus: that would bring the keyboard here.
            Ok(false)
        }));
        window.wm_timer(TIMER, self.handler(Self::tick));
        // Those that return 0 leave the rest to Windows.
        window.wm(
            co::WM::ACTIVATE,
            self.hook(|this, activation: msg::Wm| {
                this.activated(activation.wparam & 0xFFFF);
                Ok(0)
            }),
        );
        window.wm(
            co::WM::DPICHANGED,
            self.hook(|this, _| {
                this.is_out_of_place.set(true);
                Ok(0)
            }),
        );
        window.wm_destroy(self.handler(Self::end));
        self.controls.ok.on().bn_clicked(self.handler(Self::agree));
        self.controls.not_ok.on().bn_clicked(self.handler(Self::refuse));
        self.controls.cancel.on().bn_clicked(self.handler(Self::cancel));
        self.controls.field.on().en_change(self.handler(Self::changed));
        self.keep_clipboard_out();
    }

    /// A password field copies nothing by itself. It takes nothing from the clipboard either: what lies
    /// there is another program's, stays there for whoever comes next, and would cost a try.
    fn keep_clipboard_out(&self) {
        let field = self.controls.field.on_subclass();
        for message in [co::WM::PASTE, co::WM::CONTEXTMENU] {
            field.wm(message, |_| Ok(0));
        }
    }

    fn handler(
        self: &Rc<Self>,
        handle: fn(&Self) -> SysResult<()>,
    ) -> impl Fn() -> AnyResult<()> + use<> {
        let this = Rc::clone(self);
        move || Ok(handle(&this)?)
    }

    fn hook<M, R>(
        self: &Rc<Self>,
        handle: fn(&Self, M) -> SysResult<R>,
    ) -> impl Fn(M) -> AnyResult<R> + use<M, R> {
        let this = Rc::clone(self);
        move |message| Ok(handle(&this, message)?)
    }

    fn begin(&self) -> SysResult<()> {
        self.controls.show(&self.question)?;
        self.offer_ok();
        self.controls.window.hwnd().SetTimer(TIMER, TIMER_MILLISECONDS, None)?;
        Ok(())
    }

    fn tick(&self) -> SysResult<()> {
        let now = Instant::now();
        if self.requests.borrow_mut().are_over() {
            return self.close(Answer::Cancelled);
        }
        if self.question.time_to_answer.is_some_and(|time| now >= self.opened_at + time) {
            return self.close(Answer::TimedOut);
        }
        if self.is_out_of_place.take() {
            self.controls.lay_out(&self.question)?;
        }
        self.announce();
        self.ask_for_keyboard();
        Ok(())
    }

    /// Has the taskbar show, once, that something waits until it has the keyboard.
    fn announce(&self) {
        let window = self.controls.window.hwnd();
        let has_keyboard = HWND::GetForegroundWindow().is_some_and(|other| other == *window);
        if !self.is_announced.replace(true) && !has_keyboard {
            flash(window);
        }
    }

    /// Asks Windows for the keyboard, once, when nobody is typing. Windows gives it by its own rules, or
    /// not: then the person clicks.
    fn ask_for_keyboard(&self) {
        let is_pause = self.continues || time_since_input() >= PAUSE;
        if self.wants_keyboard.get() && is_pause {
            self.wants_keyboard.set(false);
            self.controls.window.hwnd().SetForegroundWindow();
        }
    }

    /// The keyboard comes here, or goes away. Whoever clicked here knows that it came; anything else may
    /// be a surprise, and the next keys meant for another window.
    fn activated(&self, how: usize) {
        if how == WA_ACTIVE {
            self.settling.set(Settling::begins(Instant::now()));
        }
    }

    /// Whether what the person does is an answer. If it is not, the moment until it is begins again.
    fn counts(&self) -> bool {
        let now = Instant::now();
        let mut settling = self.settling.get();
        settling.key(now);
        self.settling.set(settling);
        settling.is_over(now)
    }

    /// What changed in the field stays there if it counts, and was typed: one letter at a time. Not every
    /// way to paste asks with a message.
    fn changed(&self) -> SysResult<()> {
        let field = &self.controls.field;
        let length = length(field);
        let is_typed = length <= self.length.replace(length) + 1;
        if self.answer.borrow().is_none() && length > 0 && !(is_typed && self.counts()) {
            return field.set_text("");
        }
        self.offer_ok();
        Ok(())
    }

    /// Nothing is no PIN.
    fn offer_ok(&self) {
        let Controls { field, ok, .. } = &self.controls;
        ok.hwnd().EnableWindow(self.question.kind != Kind::Pin || length(field) > 0);
    }

    fn agree(&self) -> SysResult<()> {
        if !self.counts() {
            return Ok(());
        }
        let field = &self.controls.field;
        match self.question.kind {
            Kind::Pin if length(field) == 0 => Ok(()),
            Kind::Pin => self.close(Answer::Typed(read(field)?)),
            Kind::Consent | Kind::Message => self.close(Answer::Agreed),
        }
    }

    fn refuse(&self) -> SysResult<()> {
        if self.counts() { self.close(Answer::Refused) } else { Ok(()) }
    }

    fn cancel(&self) -> SysResult<()> {
        if self.counts() { self.close(Answer::Cancelled) } else { Ok(()) }
    }

    fn close(&self, answer: Answer) -> SysResult<()> {
        self.answer.borrow_mut().get_or_insert(answer);
        self.controls.window.close();
        Ok(())
    }

    /// The window goes, whoever closed it.
    fn end(&self) -> SysResult<()> {
        self.answer.borrow_mut().get_or_insert(Answer::Cancelled);
        erase(&self.controls.field)
    }
}

/// How much is in the field. Where there is nothing, the binding takes whatever error came last for the
/// reason.
fn length(field: &gui::Edit) -> usize {
    field
        .hwnd()
        .GetWindowTextLength()
        .ok()
        .and_then(|length| length.try_into().ok())
        .unwrap_or_default()
}

/// What is in the field. Not inlined, so that each call has its buffers where the one before had them.
#[inline(never)]
fn read(field: &gui::Edit) -> SysResult<Zeroizing<String>> {
    field.text().map(Zeroizing::new)
}

/// Writes over what was typed, in the field and in what the binding left on the stack when it was read.
fn erase(field: &gui::Edit) -> SysResult<()> {
    if let length @ 1.. = length(field) {
        field.set_text(&"*".repeat(length))?;
        read(field)?;
        field.set_text("")?;
    }
    Ok(())
}

/// Shows in the taskbar that a window waits, until it has the keyboard.
fn flash(window: &HWND) {
    let Some(hwnd) = window.GetAncestor(co::GA::ROOT) else { return };
    let mut how = FLASHWINFO::default();
    how.hwnd = hwnd;
    how.dwFlags = co::FLASHW::ALL | co::FLASHW::TIMERNOFG;
    FlashWindowEx(&how);
}

/// How long nobody touched keyboard or mouse.
fn time_since_input() -> Duration {
    let Ok(last) = GetLastInputInfo() else { return Duration::ZERO };
    // Of 32 bits, both of them, and they wrap after 49 days.
    let now = u32::try_from(GetTickCount64() & u64::from(u32::MAX)).unwrap_or_default();
    Duration::from_millis(now.wrapping_sub(last.dwTime).into())
}
