//! The page that the holder of a card is handed: what was read from it here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kazashi_emulator::{Image, Variant, folder};
use serde_json::json;

use crate::harness::{Bridge, ORIGIN, PROGRAM, READ_CERTIFICATE, SELECT, stdout};
#[cfg(target_os = "linux")]
use crate::harness::{InsertedCard, Pcscd, READERS, apart, wait_until};

/// A bridge that was used: one who signed in, one PIN that was wrong, one who was there without a PIN.
fn used() -> Bridge {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire_when_there();
    for (pin, answer) in [("1234", "signed"), ("0000", "error")] {
        page.transmit(&lease, SELECT);
        assert_eq!(page.sign(&lease, json!({ "value": pin }))["type"], answer);
    }
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    bridge.reads_age_record();
    bridge
}

fn write(bridge: &Bridge, card: &Path, name: &str, arguments: &[&str]) -> (Output, PathBuf) {
    let page = bridge.path(name);
    let mut log = Command::new(PROGRAM);
    log.args(["log", "for-card", "--virtual-card"]).arg(card).arg("--page").arg(&page);
    log.args(arguments).arg("--state").arg(bridge.path("state"));
    (log.env("LC_ALL", "C").env("TZ", "Asia/Tokyo").output().unwrap(), page)
}

/// The page about the card of this bridge.
fn page(bridge: &Bridge, name: &str, arguments: &[&str]) -> String {
    let (output, page) = write(bridge, &bridge.path("card"), name, arguments);
    assert_eq!(stdout(&output), format!("{}\n", page.display()), "{output:?}");
    fs::read_to_string(page).unwrap()
}

#[test]
fn the_holder_reads_who_read_what_and_when_in_plain_words() {
    let bridge = used();
    for (language, said) in [
        (
            &["--language", "ja"][..],
            [
                "<html lang=\"ja\">",
                "<li>カードと照合：利用者証明用電子証明書の暗証番号（数字4桁）</li>\
                 <li>読み取り：利用者証明用電子証明書（氏名・住所はないが、カードごとに異なる）</li>\
                 <li>署名：暗証番号によるログイン</li>",
                "<li>一致しなかった</li>",
                "<td class=\"origin\">https://presence<wbr>.example</td><td>生年月日とカードの有無を確かめる</td>",
                "<li>読み取り：生年月日と、カードごとに異なる鍵</li>",
                "除かれたものはありません。",
            ],
        ),
        (
            &[],
            [
                "<html lang=\"en\">",
                "<li>signed: sign-in with the PIN</li>",
                "<li>it was not the same</li>",
                "<td>check birth dates, and that a card is here</td>",
                "<li>read: date of birth, and a key that is another for each card</li>",
                "No line between others was changed",
            ],
        ),
    ] {
        let page = page(&bridge, said[0].split('"').nth(1).unwrap(), language);
        for said in said {
            assert!(page.contains(said), "{said} in {page}");
        }
    }
}

#[test]
fn a_page_is_about_one_card_for_its_user_alone_and_takes_the_place_of_nothing() {
    let bridge = used();
    let first = page(&bridge, "page.html", &[]);
    let file = bridge.path("page.html");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (again, _) = write(&bridge, &bridge.path("card"), "page.html", &[]);
    assert!(!again.status.success() && again.stdout.is_empty());
    assert_eq!(fs::read_to_string(file).unwrap(), first);

    let other = bridge.path("other");
    folder::write(&other, &Image::of(Variant::AnotherPerson)).unwrap();
    let (_, page) = write(&bridge, &other, "other.html", &[]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("Nothing is recorded about this card."), "{page}");
    assert!(!page.contains("https://") && page.contains("lines about this card: 0\n"), "{page}");
}

#[test]
fn what_names_card_or_stay_in_the_log_is_not_on_the_page() {
    let bridge = used();
    let page = page(&bridge, "page.html", &[]);
    let log = fs::read_to_string(bridge.path("state/disclosure.log")).unwrap();
    let names = [named(&log, "card"), named(&log, "visit")].concat();
    assert!(names.len() > 4 && names.iter().all(|name| name.len() >= 32), "{names:?}");
    for name in names {
        assert!(!page.contains(&name[..8]), "{name} in {page}");
    }
}

#[test]
fn lines_about_cards_that_nobody_knows_are_counted() {
    let bridge = used();
    let log = bridge.path("state/disclosure.log");
    let text = fs::read_to_string(&log).unwrap();
    let card = &named(&text, "card")[0];
    fs::write(&log, text.replace(&format!("\"card\":\"{card}\","), "")).unwrap();
    let page = page(&bridge, "page.html", &[]);
    assert!(page.contains("taken away before it was known which they were: 4."), "{page}");
    assert!(page.contains("Nothing is recorded about this card."), "{page}");
}

/// What stands in a field of the lines that have it.
fn named(log: &str, field: &str) -> Vec<String> {
    let field = format!("\"{field}\":\"");
    let named = log.split(&field).skip(1);
    named.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_code_holds_a_hash_by_which_the_log_is_found_whole_later_or_not() {
    let bridge = used();
    let text = read_code(&page(&bridge, "page.html", &[]));
    let lines: Vec<_> = text.lines().collect();
    let [made, about, last, hash] = lines[..] else { panic!("{text}") };
    assert!(made.starts_with("kazashi-bridge log, 20") && made.ends_with('Z'), "{text}");
    assert_eq!((about, last), ("lines about this card: 4 (from 2 to 5)", "last line: 5"));
    assert_eq!(bridge.log_command(&["head"]), (true, format!("{hash}\n")));

    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire_when_there();
    page.transmit(&lease, SELECT);
    page.transmit(&lease, READ_CERTIFICATE);
    assert_eq!(
        bridge.log_command(&["verify", "--head", hash]),
        (true, "6 lines, whole\n".to_owned())
    );
    let log = bridge.path("state/disclosure.log");
    let cut: Vec<_> =
        fs::read_to_string(&log).unwrap().lines().take(4).map(str::to_owned).collect();
    fs::write(&log, cut.join("\n") + "\n").unwrap();
    assert!(bridge.log_command(&["verify"]).0);
    assert!(!bridge.log_command(&["verify", "--head", hash]).0);
}

#[test]
fn a_page_runs_and_loads_nothing_whatever_is_in_the_log() {
    let bridge = used();
    let log = bridge.path("state/disclosure.log");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("https://portal.example", "<script>alert('1')</script>&"))
        .unwrap();
    let page = page(&bridge, "page.html", &[]);
    assert!(page.contains("&lt;script&gt;alert('1')&lt;/script&gt;&amp;"), "{page}");
    assert!(page.contains("It is not as it was written"), "{page}");
    for absent in ["<script", "<link", "<img", "<a ", "url(", "src=", "style=", "onload"] {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    let policy = "content=\"default-src 'none'; style-src 'sha256-";
    assert!(page.contains(policy) && page.find(policy) < page.find("<style"), "{page}");
}

#[test]
#[cfg(target_os = "linux")]
fn of_two_cards_that_lie_there_no_page_is_made() {
    apart("holder_page::of_two_cards_that_lie_there_no_page_is_made", || {
        let _pcscd = Pcscd::start();
        let state = tempfile::tempdir().unwrap();
        let page = state.path().join("page.html");
        let make = || {
            let mut log = Command::new(PROGRAM);
            log.args(["log", "for-card", "--page"]).arg(&page).arg("--state").arg(state.path());
            log.output().unwrap()
        };
        let _card = InsertedCard::insert(Image::normal(), READERS[0]);
        let other = InsertedCard::insert(Image::of(Variant::AnotherPerson), READERS[1]);
        let refused = make();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("more than one card lies on the readers"), "{said}");
        assert!(!refused.status.success() && !page.exists());
        other.remove();
        wait_until("a page about the card that is left", || make().status.success());
        assert!(page.exists());
    });
}

/// What the QR code of a page holds.
fn read_code(page: &str) -> String {
    let (_, svg) = page.split_once("<svg viewBox=\"0 0 ").unwrap();
    let (side, svg) = svg.split_once(' ').unwrap();
    let side: usize = side.parse().unwrap();
    let (_, path) = svg.split_once("<path d=\"").unwrap();
    let (path, _) = path.split_once('"').unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (length, _) = rest.split_once('v').unwrap();
        let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().unwrap());
        dark[y * side + x..][..length].fill(true);
    }
    // As a camera sees it: more than a pixel for a module.
    let pixel = |x: usize, y: usize| if dark[y / 4 * side + x / 4] { 0 } else { 255 };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(4 * side, 4 * side, pixel);
    let [code] = &picture.detect_grids()[..] else { panic!("no code, or several") };
    code.decode().unwrap().1
}
