//! The dialog in a window: pinentry-gtk-2 on a screen that nobody sees, and keys pressed as a person
//! does.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Bridge, ORIGIN, Page, wait_until};

const PINENTRY: &str = "/usr/bin/pinentry-gtk-2";

#[test]
fn a_person_types_the_pin_into_a_window() {
    let screen = Screen::new();
    for locale in ["C.UTF-8", "ja_JP.UTF-8"] {
        let (mut page, lease, _bridge) = screen.sit_down(locale);
        assert_eq!(screen.sign(&mut page, &lease, "1234")["type"], "signed", "{locale}");
        assert_eq!(screen.sign(&mut page, &lease, "0000")["code"], "pin-incorrect", "{locale}");
    }
}

#[test]
fn the_window_is_closed_by_who_cancels_and_when_the_page_goes_away() {
    let screen = Screen::new();
    let (mut page, lease, bridge) = screen.sit_down("C.UTF-8");
    page.send_sign(&lease, json!({}));
    screen.wait_for_window();
    screen.xdotool(&["key", "Escape"]);
    assert_eq!(page.read()["code"], "pin-cancelled");
    page.send_sign(&lease, json!({}));
    screen.wait_for_window();
    drop(page);
    screen.wait_for_no_window();
    drop(bridge);
}

/// A screen of its own, without a window manager.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
        // Otherwise it begins anew whenever nobody is connected, and a dialog that connects then is lost.
        xvfb.arg("-noreset");
        let mut server = xvfb.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }

    /// A page that has a lease, and a bridge whose dialogs are windows here.
    fn sit_down(&self, locale: &str) -> (Page, String, Bridge) {
        let bridge = Bridge::speaking(locale);
        let pinentry = bridge.path("pinentry");
        let script = format!("#!/bin/sh\nDISPLAY={} exec {PINENTRY} \"$@\"\n", self.display);
        fs::write(&pinentry, script).unwrap();
        fs::set_permissions(&pinentry, fs::Permissions::from_mode(0o755)).unwrap();
        let mut page = bridge.page(ORIGIN);
        let lease = page.acquire();
        (page, lease, bridge)
    }

    /// Signs in with these keys, and Enter.
    fn sign(&self, page: &mut Page, lease: &str, keys: &str) -> Value {
        page.send_sign(lease, json!({}));
        self.wait_for_window();
        self.xdotool(&["type", keys]);
        self.xdotool(&["key", "Return"]);
        let answer = page.read();
        self.wait_for_no_window();
        answer
    }

    /// Waits until there is one, and gives it the keys.
    fn wait_for_window(&self) {
        let focus = ["search", "--onlyvisible", "--name", "Kazashi", "windowfocus", "--sync"];
        wait_until("the dialog's window", || self.xdotool(&focus));
    }

    fn wait_for_no_window(&self) {
        let search = ["search", "--onlyvisible", "--name", "Kazashi"];
        wait_until("no window", || !self.xdotool(&search));
    }

    fn xdotool(&self, arguments: &[&str]) -> bool {
        let mut xdotool = Command::new("xdotool");
        xdotool.args(arguments).env("DISPLAY", &self.display);
        xdotool.output().unwrap().status.success()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
