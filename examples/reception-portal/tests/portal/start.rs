//! Starting: what could serve nobody does not start, and says why.

use std::fs;
use std::process::Output;

use serde_json::json;
use tempfile::TempDir;

use crate::ORIGIN;
use crate::backend::Backend;
use crate::server::{Server, add_account, keys, program, vector};

/// Has `serve` look at its options, and listen at none.
fn check(backend: &Backend, keys: &[String], options: &[&str]) -> (bool, String) {
    check_with(&backend.url(), keys, options)
}

fn check_with(database: &str, keys: &[String], options: &[&str]) -> (bool, String) {
    let mut command = program();
    command.args(["serve", "--check", "--database", database]).args(keys).args(options);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].concat();
    (status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_check_says_all_that_stands_against_serving_and_listens_nowhere() {
    let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
    let keys = keys(folder.path());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (is_well, said) = check(&backend, &keys, &["--origin", ORIGIN, "--port", &port]);
    assert!(is_well && said == "nothing stands against serving\n", "{said}");

    let key = folder.path().join("short.key");
    fs::write(&key, [8; 31]).unwrap();
    let (key, listed) = (key.display().to_string(), |said: &str| said.matches("\n- ").count());
    let options = ["--pairwise-key", &key, "--origin", "portal.example", "--time-zone", "Tokyo"];
    let (is_well, said) = check(&backend, &[], &options);
    assert!(!is_well && listed(&said) == 4, "{said}");
    for part in [
        format!("- {key}: "),
        "- --origin: an origin is written scheme://host".to_owned(),
        "- --time-zone: ".to_owned(),
        "- there are no --authorities: every card would be refused".to_owned(),
    ] {
        assert!(said.contains(&part), "{part} in {said}");
    }
    for (options, why) in [
        (["--address", "0.0.0.0"], "--origin is needed"),
        (["--address", "192.0.2.1"], "--origin is needed"),
        (["--origin", "http://portal.example"], "--origin: an origin begins with https://"),
        (["--card-surface-root", "39303030303233080530303100000000=/nowhere"], "/nowhere: "),
    ] {
        let (is_well, said) = check(&backend, &keys, &options);
        assert!(!is_well && said.contains(why) && listed(&said) == 1, "{said}");
    }
    for database in ["sqlite:/nowhere/at/all.db", "postgres://127.0.0.1:1/portal", "oracle:portal"]
    {
        let (is_well, said) = check_with(database, &keys, &[]);
        assert!(!is_well && said.contains("- --database: ") && listed(&said) == 1, "{said}");
    }
}

#[test]
fn a_portal_that_could_serve_nobody_does_not_start() {
    let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
    let keys = keys(folder.path());
    let serve = |options: &[&str]| {
        let mut command = program();
        command.args(["serve", "--port", "0", "--database", &backend.url()]).args(options);
        let output = command.output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = serve(&["--origin", ORIGIN, "--pairwise-key", &keys[1]]);
    assert!(said.contains("there are no --authorities"), "{said}");
    let empty = folder.path().join("empty.cer");
    fs::write(&empty, "").unwrap();
    let empty = empty.display().to_string();
    let said = serve(&["--pairwise-key", &keys[1], "--authorities", &empty]);
    assert!(said.contains(&format!("{empty} is empty")), "{said}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let authority = vector("certificates/user-authentication-ca.der");
    let options = ["--pairwise-key", &keys[1], "--authorities", &authority];
    let said = serve(&[&options[..], &["--metrics", &address]].concat());
    assert!(said.contains(&format!("cannot listen at {address}")), "{said}");
    let key = vector("keys/terminal.pem");
    let said = serve(&[&options[..], &["--terminal-key", &key]].concat());
    assert!(said.contains("of no use without each other"), "{said}");
}

#[test]
fn an_origin_is_taken_as_people_write_it() {
    for origin in
        ["https://portal.example/", "https://PORTAL.example", "https://portal.example:443"]
    {
        let backend = Backend::sqlite();
        let server = Server::start_with(&backend, &["--origin", origin]);
        server.staff(&backend).get("/api/board/visits").expect(200);
    }
}

#[test]
fn tls_that_cannot_be_is_said_with_its_file() {
    let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
    let keys = keys(folder.path());
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let key = vector("keys/terminal.pem");
    let der = fs::read(vector("certificates/user-authentication-ca.der")).unwrap();
    let utf_16: Vec<u8> = "-----BEGIN".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, why) in [
        (b"".as_slice(), "is empty"),
        (&utf_16, "is UTF-16"),
        (b"-----BEGIN PKCS7-----\nAA==\n-----END PKCS7-----", "is PKCS#7 (p7b)"),
        (&der, "is no PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "make no TLS: "),
    ] {
        let certificate = write("tls.crt", bytes);
        let tls = ["--tls-certificate", &certificate, "--tls-key", &key, "--origin", ORIGIN];
        let (is_well, said) = check(&backend, &keys, &tls);
        assert!(!is_well && said.contains(&certificate) && said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_file_has_the_options_of_serve_and_the_command_line_wins() {
    let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
    let mut file =
        String::from("\u{FEFF}institution-ja = \"番号町役場\"\r\naccept-test-hierarchy = true\r\n");
    file += "port = 1\norigin = \"https://portal.example\"\n";
    file += &format!("database = {:?}\n", backend.url());
    let keys = keys(folder.path());
    let pairs = keys.chunks_exact(2).map(|pair| (pair[0].trim_start_matches("--"), &pair[1]));
    let mut several: Vec<_> = pairs.clone().map(|(name, _)| name).collect();
    several.dedup();
    for name in several {
        let values: Vec<_> =
            pairs.clone().filter(|pair| pair.0 == name).map(|pair| pair.1).collect();
        file += &match values.as_slice() {
            [one] if name == "pairwise-key" || name == "terminal-key" => {
                format!("{name} = {one:?}\n")
            }
            values => format!("{name} = {values:?}\n"),
        };
    }
    let path = folder.path().join("portal.toml");
    fs::write(&path, &file).unwrap();
    let server = Server::from_command(
        program().args(["serve", "--config"]).arg(&path).args(["--port", "0"]),
    );
    let session = server.staff(&backend).get("/api/session").expect(200);
    assert_eq!(session["institution"], json!({ "ja": "番号町役場", "en": "Reception" }));
    assert_eq!(session["terminalCertificates"].as_array().unwrap().len(), 2);

    fs::write(&path, format!("{file}\nkeep-visit = 30\n")).unwrap();
    let output = program().args(["serve", "--config"]).arg(&path).output().unwrap();
    let (said, line) = (String::from_utf8(output.stderr).unwrap(), file.matches('\n').count() + 2);
    assert!(said.contains(&format!("line {line}: keep-visit: there is no such option")), "{said}");
    assert!(!add_account(&backend, "", "staff", "correct horse"));
}
