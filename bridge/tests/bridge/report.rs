//! What `kazashi-bridge report` hands on; and that on a workstation full of secrets it hands on none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_core::value::layout;
use kazashi_emulator::{Application, Contents, Ef, Image, Pin};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::harness::{
    Bridge, InsertedCard, ORIGIN, PROGRAM, Pcscd, READ_CERTIFICATE, READERS, Reader, SELECT, apart,
    folder_with, grant, stdout, wait_until,
};

#[test]
fn a_report_says_how_the_workstation_is() {
    let bridge = Bridge::with(&(grant(ORIGIN, r#""authenticate""#) + "until = 2099-12-31\n"));
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    page.transmit(&lease, READ_CERTIFICATE);
    let report = report(&bridge);
    for said in [
        "findings = [\"no-service\"]",
        concat!("bridge = \"kazashi-bridge ", env!("CARGO_PKG_VERSION"), "\""),
        &format!("number = {}\nholder = \"the bridge of this user\"", bridge.port),
        "origin = \"https://portal.example\"\nby = \"administrator\"\nscopes = [\"authenticate\"]\n\
         until = 2099-12-31\nnow = true",
        "pinentry = \"pinentry\"",
        "dialog-seconds = 60",
        "state = \"whole\"\nfiles = 1\nlines = 2\nfaults = 0\nsince = \"20",
    ] {
        assert!(report.contains(said), "{said} in {report}");
    }
}

#[test]
fn a_report_is_for_its_user_alone_and_takes_the_place_of_nothing() {
    let bridge = Bridge::start();
    let first = report(&bridge);
    let path = bridge.path("report.txt");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(&bridge, &bridge.path(""), &path);
    assert!(!again.status.success() && again.stdout.is_empty());
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn of_a_thousand_secrets_none_is_in_the_report() {
    apart("report::of_a_thousand_secrets_none_is_in_the_report", || {
        let desk = tempfile::tempdir().unwrap();
        let mut secrets = Secrets::new();
        let _pcscd = reader(desk.path(), &mut secrets);
        let pin = secrets.plant_pin();
        let _card = InsertedCard::insert(card(&pin, &mut secrets), READERS[0]);
        // At the usual port, whose number no secret is like.
        let bridge = Bridge::serve(folder_with(&grant(ORIGIN, r#""authenticate""#)), |_| {});
        bridge.will_type(&[&pin]);
        let (mut page, lease) = bridge.sit_down(ORIGIN);
        assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
        let host = format!("127.0.0.1:{}", bridge.port);
        assert!(bridge.connect("https://asks.example", &host).is_err());
        let pending = bridge.path("state/pending.json");
        wait_until("who asked to be written down", || pending.exists());

        administrate(&mut secrets);
        let home = desk.path().join(secrets.plant()).join(secrets.plant());
        move_in(&bridge, &home, &mut secrets);
        let file = home.join("report.txt");
        let output = run_with(&bridge, &home, &file, |report| {
            for name in ["HOME", "LOGNAME", "USER", "HOSTNAME", "XDG_DATA_HOME"] {
                report.env(name, secrets.plant());
            }
            for (number, secret) in secrets.take_rest().into_iter().enumerate() {
                report.env(format!("KAZASHI_SECRET_{number}"), secret);
            }
        });
        assert!(output.status.success(), "{output:?}");
        let report = fs::read_to_string(&file).unwrap();
        secrets.are_not_in(&report);
        // It is no empty one either.
        for said in [
            "findings = []",
            "model = \"SCR3310 CCID …\"\ncard = \"ok\"",
            "model = \"SCR3310 CCID …\"\ncard = \"no-smartcard\"",
            "name = \"Chromium\"\nunasked = [\"https://portal.example\"]\nasked = [\"https://admin",
            "named = 41\n",
            "origin = \"https://asks.example\"\ntimes = 1\n",
            "other-user-refused = \"2026-11-30T08:00:00Z\"",
            "pinentry = \"pinentry\"",
            "has-preferred-reader = true",
            "state = \"damaged\"",
        ] {
            assert!(report.contains(said), "{said} in {report}");
        }

        // Nor when the file with the secrets is not understood, which doctor says by quoting it.
        let config = home.join("bridge.toml");
        let text = fs::read_to_string(&config).unwrap().replace("reason = ", "reasons = ");
        fs::write(&config, text).unwrap();
        let file = home.join("report-of-mistakes.txt");
        assert!(run(&bridge, &home, &file).status.success());
        let report = fs::read_to_string(&file).unwrap();
        secrets.are_not_in(&report);
        assert!(report.contains("files-with-mistakes = 1\n"), "{report}");
    });
}

/// The report of the workstation of this bridge.
fn report(bridge: &Bridge) -> String {
    let path = bridge.path("report.txt");
    let output = run_with(bridge, &bridge.path(""), &path, |report| {
        report.env("PCSCLITE_CSOCK_NAME", bridge.path("no-service"));
    });
    let said = format!("written: {}\nRead it before you hand it on.\n", path.display());
    assert_eq!(stdout(&output), said, "{output:?}");
    fs::read_to_string(path).unwrap()
}

/// Has a report written to a file: of the files in this folder, and the bridge.
fn run(bridge: &Bridge, folder: &Path, file: &Path) -> Output {
    run_with(bridge, folder, file, |_| {})
}

fn run_with(
    bridge: &Bridge,
    folder: &Path,
    file: &Path,
    tell: impl FnOnce(&mut Command),
) -> Output {
    let mut report = Command::new(PROGRAM);
    report.arg("report").arg(file).args(["--port", &bridge.port.to_string()]);
    report.arg("--config").arg(folder.join("bridge.toml"));
    report.arg("--state").arg(folder.join("state")).env("LC_ALL", "C");
    tell(&mut report);
    report.output().unwrap()
}

/// A pcscd with a reader that tells numbers and names of itself.
fn reader(folder: &Path, secrets: &mut Secrets) -> Pcscd {
    let [interface, serial, user, more] = [(); 4].map(|()| secrets.plant());
    let name = &format!("SCR3310 [CCID {interface}] ({serial}) {user}/{more}");
    let driver = Path::new("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
    Pcscd::with(folder, &[Reader { name, port: READERS[0], driver }])
}

/// A card with this PIN, and more secrets.
fn card(pin: &str, secrets: &mut Secrets) -> Image {
    let file = |application, id: u8| Ef { application, id: id.into() };
    let value = |pin: &str| Contents::Pin(Pin::new(pin, 3).unwrap());
    let person: Vec<_> = (0..20).map(|_| secrets.plant()).collect();
    let (jpki, attributes) = (Application::Jpki, Application::CardInformation);
    Image::normal()
        .with(file(jpki, layout::jpki::USER_AUTHENTICATION_PIN), value(pin))
        .with(file(attributes, layout::card_information::PIN), value(&secrets.plant_pin()))
        .with(
            file(attributes, layout::card_information::BASIC_ATTRIBUTES),
            Contents::Transparent(person.join(" ").into()),
        )
}

/// Policies of a browser, in an `/etc` of this test's own.
fn administrate(secrets: &mut Secrets) {
    let script = "mount -t tmpfs tmpfs /mnt; mkdir /mnt/files /mnt/work; \
                  mount -t overlay -o lowerdir=/etc,upperdir=/mnt/files,workdir=/mnt/work overlay /etc; \
                  mkdir -p /etc/chromium/policies/managed";
    assert!(Command::new("sh").args(["-ec", script]).status().unwrap().success());
    let mut websites = vec![ORIGIN.to_owned()];
    websites.extend((0..40).map(|_| format!("https://{}.example", secrets.plant())));
    let policy = json!({ "LoopbackNetworkAllowedForUrls": websites });
    fs::write("/etc/chromium/policies/managed/policy.json", policy.to_string()).unwrap();
}

/// The files of this bridge in a folder of their own, with secrets in all of them, and between them.
fn move_in(bridge: &Bridge, home: &Path, secrets: &mut Secrets) {
    let state = home.join("state");
    fs::create_dir_all(&state).unwrap();
    for file in fs::read_dir(bridge.path("state")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), state.join(file.file_name())).unwrap();
    }

    let with_reason = |secrets: &mut Secrets, origin: &str| {
        let (reason, comment) = (secrets.plant(), secrets.plant());
        format!("{}reason = \"{reason}\" # {comment}\n", grant(origin, r#""events""#))
    };
    let grants = |secrets: &mut Secrets, name: &str| -> String {
        let origins = (0..25).map(|number| format!("https://{name}-{number}.example"));
        origins.map(|origin| with_reason(secrets, &origin)).collect()
    };
    let pinentry = home.join(secrets.plant()).join("pinentry");
    fs::create_dir(pinentry.parent().unwrap()).unwrap();
    fs::copy(bridge.path("pinentry"), &pinentry).unwrap();
    let config = format!(
        "# {}\npinentry = {pinentry:?}\n{}{}[reader]\npreferred = \"{}\"\n",
        secrets.plant(),
        grant(ORIGIN, r#""authenticate""#),
        grants(secrets, "administrator"),
        secrets.plant(),
    );
    fs::write(home.join("bridge.toml"), config).unwrap();
    fs::write(state.join("approvals.toml"), grants(secrets, "user")).unwrap();

    let refused = json!({ "user": secrets.plant(), "last": "2026-11-30T08:00:00Z" });
    fs::write(state.join("refused-user.json"), refused.to_string()).unwrap();
    for key in ["card-key", "bridge-key.pem", "bridge.log", "bridge.old.log"] {
        let lines: Vec<_> = (0..10).map(|_| secrets.plant()).collect();
        fs::write(state.join(key), lines.join("\n")).unwrap();
    }
    let log = fs::read_to_string(state.join("disclosure.log")).unwrap();
    let mut log = log.trim_end_matches('\0').to_owned();
    for n in 100..140 {
        let line = json!({
            "n": n, "when": "2026-11-30T08:00:00Z", "event": "disclosed", "visit": secrets.plant(),
            "card": secrets.plant(), "origin": secrets.plant(), "scope": "authenticate",
            "read": [secrets.plant()], "presented": secrets.plant()
        });
        log += &format!("{n:064} {line}\n{}\n", secrets.plant());
    }
    fs::write(state.join("disclosure.log"), log).unwrap();
    for _ in 0..100 {
        fs::write(state.join(secrets.plant()), secrets.plant()).unwrap();
    }
}

/// Numbers in years, ports and limits.
const IN_EVERY_REPORT: [&str; 7] = ["1000", "2026", "2099", "2739", "7390", "6553", "5536"];

/// Secrets of each kind, none of which could be in a report by chance.
struct Secrets {
    left: Vec<String>,
    planted: Vec<String>,
}

impl Secrets {
    const COUNT: usize = 1000;

    fn new() -> Self {
        let mut all: Vec<String> = Vec::new();
        for number in 0_u32.. {
            let random: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
            let digits: Vec<_> = random.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
            let digits = |count: usize| digits[..count].iter().collect::<String>();
            let kanji = |byte: &u8| char::from_u32(0x5000 + u32::from(*byte) * 16).unwrap();
            let syllable = |byte: &u8| ["ka", "mi", "no", "sa", "to", "yu"][usize::from(byte % 6)];
            let secret = match number % 6 {
                0 => digits(4),
                1 => digits(14),
                2 => format!("PW{}", digits(8)),
                3 => random[..5].iter().map(kanji).collect(),
                4 => random[..6].iter().map(syllable).collect(),
                _ => URL_SAFE_NO_PAD.encode(random),
            };
            if !IN_EVERY_REPORT.contains(&secret.as_str()) && !all.contains(&secret) {
                all.push(secret);
            }
            if all.len() == Self::COUNT {
                break;
            }
        }
        Self { left: all, planted: Vec::new() }
    }

    /// A secret that is planted now, of the next kind each time.
    fn plant(&mut self) -> String {
        self.plant_at(0)
    }

    fn plant_pin(&mut self) -> String {
        self.plant_at(self.left.iter().position(|secret| secret.len() == 4).unwrap())
    }

    fn plant_at(&mut self, at: usize) -> String {
        self.planted.push(self.left.remove(at));
        self.planted.last().unwrap().clone()
    }

    fn take_rest(&mut self) -> Vec<String> {
        let rest = std::mem::take(&mut self.left);
        self.planted.extend(rest.iter().cloned());
        rest
    }

    fn are_not_in(&self, report: &str) {
        assert_eq!(self.planted.len(), Self::COUNT);
        let found: Vec<_> = self.planted.iter().filter(|secret| report.contains(*secret)).collect();
        assert!(found.is_empty(), "{found:?} in {report}");
    }
}
