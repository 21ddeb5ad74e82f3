//! What an older version left behind is taken over, and what a newer one did is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use kazashi_emulator::{Image, folder};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Bridge, ORIGIN, PROGRAM, Page, SELECT, folder_with, stdout};

const SHOP: &str = "https://shop.example";

#[test]
fn what_an_older_version_left_is_taken_over() {
    for layout in layouts() {
        let noted = |name: &str| fs::read_to_string(layout.join("noted").join(name)).unwrap();
        let folder = copy(&layout);
        let log = |arguments: &[&str]| {
            let output = run(folder.path(), &[&["log"], arguments].concat());
            assert!(output.status.success(), "{arguments:?}: {}", stdout(&output));
            stdout(&output)
        };
        let head = noted("head");
        let verify = ["verify", "--head", head.trim()];
        log(&verify);
        let card = folder.path().join("card");
        folder::write(&card, &Image::normal()).unwrap();
        let for_card = ["for-card", "--virtual-card", card.to_str().unwrap()];
        assert_eq!(log(&for_card).lines().count(), 1);
        assert_eq!(stdout(&run(folder.path(), &["enrol"])), noted("public-key"));

        let mut bridge = Bridge::serve(Arc::clone(&folder), |serve| {
            serve.args(["--port", "0", "--virtual-card"]).arg(&card);
        });
        goes_by_what_was_granted(&bridge);
        signs_in(&bridge);
        bridge.stop();
        log(&verify);
        assert_eq!(log(&for_card).lines().count(), 2);
    }
}

fn goes_by_what_was_granted(bridge: &Bridge) {
    let hello = json!({ "type": "hello" });
    for (origin, scopes) in
        [(ORIGIN, json!(["events", "authenticate", "page-pin"])), (SHOP, json!(["authenticate"]))]
    {
        assert_eq!(bridge.page(origin).ask(hello.clone())["scopes"], scopes);
    }
    let mut program = Page::new(bridge.connect_program(None).unwrap());
    assert_eq!(program.ask(hello)["scopes"], json!(["events"]));
    for refused in ["refused", "ended", "refused-by-user"] {
        let answer = bridge.page(&format!("https://{refused}.example")).read();
        assert_eq!(answer, json!({ "type": "error", "code": "origin-refused" }), "{refused}");
    }
    let list = stdout(&bridge.origins(&["list"]));
    assert!(list.contains("by the administrator until 2100-03-31: reception desk"), "{list}");
    assert!(list.contains("by you until 2100-01-01: the till"), "{list}");
    let asked = "https://new.example\n    asked 2 times, last 2026-11-30 17:56 UTC\n    \
                 wants events, sign\n";
    assert_eq!(stdout(&bridge.origins(&["pending"])), asked);
}

fn signs_in(bridge: &Bridge) {
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire_when_there();
    page.transmit(&lease, SELECT);
    assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["type"], "signed");
}

#[test]
fn what_a_newer_version_has_changed_is_left_alone() {
    let folder = newest_with("state/layout", "2\n");
    let before = contents(folder.path());
    for arguments in [
        ["serve", "--allow-root", "--port", "0"].as_slice(),
        &["serve", "--allow-root", "--port", "0", "--log"],
        &["origins", "list"],
        &["origins", "pending"],
        &["origins", "allow", SHOP, "--scopes", "events"],
        &["origins", "revoke", SHOP],
        &["log", "show"],
        &["log", "verify"],
        &["log", "head"],
        &["log", "for-card"],
        &["enrol"],
        &["doctor"],
    ] {
        let said = refusal(folder.path(), arguments);
        assert!(said.contains("was changed by a newer version, and this one leaves it alone"));
        assert!(contents(folder.path()) == before, "{arguments:?} changed something");
    }
}

#[test]
fn a_file_with_something_of_a_newer_version_is_left_alone() {
    let allow = ["origins", "allow", SHOP, "--scopes", "events"].as_slice();
    for (file, arguments) in [
        ("bridge.toml", allow),
        ("state/approvals.toml", allow),
        ("state/approvals.toml", &["origins", "revoke", SHOP]),
    ] {
        let folder = newest_with(file, "[unheard-of]\n");
        let before = contents(folder.path());
        let said = refusal(folder.path(), arguments);
        assert!(said.contains("unknown field `unheard-of`"), "{said}");
        assert!(contents(folder.path()) == before, "{arguments:?} changed something");
    }
}

/// Each released layout is a folder here, the oldest first: see the README there.
const LAYOUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layouts");

fn layouts() -> Vec<PathBuf> {
    let entries = fs::read_dir(LAYOUTS).unwrap().map(|entry| entry.unwrap().path());
    let mut layouts: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    layouts.sort();
    layouts
}

/// A layout as it would be on a machine.
fn copy(layout: &Path) -> Arc<TempDir> {
    let folder = folder_with("");
    let config = fs::read_to_string(layout.join("bridge.toml")).unwrap();
    let config = config.replace("/etc/kazashi", folder.path().to_str().unwrap());
    fs::write(folder.path().join("bridge.toml"), config).unwrap();
    fs::copy(layout.join("card-root.pem"), folder.path().join("card-root.pem")).unwrap();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(layout.join("state")).unwrap() {
        let entry = entry.unwrap();
        let copy = state.join(entry.file_name());
        fs::copy(entry.path(), &copy).unwrap();
        fs::set_permissions(copy, fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

/// The newest layout, with more in one file.
fn newest_with(file: &str, more: &str) -> Arc<TempDir> {
    let folder = copy(&layouts().pop().unwrap());
    let path = folder.path().join(file);
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, before + more).unwrap();
    folder
}

/// Why the program does nothing.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(folder, arguments);
    assert!(!status.success() && stdout.is_empty(), "{arguments:?}");
    String::from_utf8(stderr).unwrap()
}

/// Runs the program on the files in this folder.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--state").arg(folder.join("state"));
    if !["log", "enrol"].contains(&arguments[0]) {
        command.arg("--config").arg(folder.join("bridge.toml"));
    }
    command.env("LC_ALL", "C").output().unwrap()
}

/// Every file of a folder, with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut contents = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents.extend(self::contents(&path));
        } else {
            contents.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    contents
}
