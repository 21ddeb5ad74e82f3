//! The files in `vectors`, and the cases that they describe.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{
    Authentication, Expected, Method, Token, Trust, Unverified, VerifyError, verify,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The time of every case that does not say another.
pub(crate) const NOW: u64 = 1_767_225_600;

#[derive(Deserialize)]
pub(crate) struct Cases<C> {
    pub(crate) cases: Vec<C>,
}

/// `vectors/verify/pin.json` and `terminal.json`.
#[derive(Clone, Deserialize)]
pub(crate) struct Signed {
    pub(crate) method: Method,
    pub(crate) origin: String,
    pub(crate) nonce: String,
    pub(crate) token: Map<String, Value>,
}

/// A case of `vectors/verify/accepted.json` or `refused.json`; the files say how to read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    base: Option<String>,
    #[serde(default)]
    token: Map<String, Value>,
    certificate: Option<String>,
    keep_signature_bytes: Option<usize>,
    pad_to: Option<usize>,
    text: Option<String>,
    #[serde(default)]
    expected: Expectation,
    authorities: Option<Vec<String>>,
    accept_test_hierarchy: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    origin: Option<String>,
    nonce: Option<String>,
    method: Option<Method>,
    now: Option<u64>,
}

impl Signed {
    /// Verifies the token as it would be by the server that expected it.
    pub(crate) fn verify(&self, now: u64, trust: &Trust) -> Result<Authentication, VerifyError> {
        let expected = Expected {
            origin: &self.origin,
            nonce: &self.nonce,
            method: self.method,
            now: time(now),
        };
        let token = serde_json::to_vec(&self.token).unwrap();
        verify(&Token::from_json(&token)?, &expected, trust)
    }

    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        STANDARD.decode(self.token[field].as_str().unwrap()).unwrap()
    }

    pub(crate) fn replace(&mut self, field: &str, bytes: &[u8]) {
        self.token.insert(field.to_owned(), STANDARD.encode(bytes).into());
    }
}

impl Case {
    pub(crate) fn verify(self) -> Result<Authentication, VerifyError> {
        let mut signed = signed(self.base.as_deref().unwrap_or("pin"));
        if let Some(file) = &self.certificate {
            signed.replace("unverifiedCertificate", &certificate(file));
        }
        if let Some(length) = self.keep_signature_bytes {
            let signature = signed.bytes("signature");
            signed.replace("signature", &signature[..length]);
        }
        for (field, value) in self.token {
            match value {
                Value::Null => signed.token.remove(&field),
                value => signed.token.insert(field, value),
            };
        }
        let text = self.text.unwrap_or_else(|| {
            let token = serde_json::to_string(&signed.token).unwrap();
            format!("{token:width$}", width = self.pad_to.unwrap_or(0))
        });

        let expected = Expected {
            origin: self.expected.origin.as_deref().unwrap_or(&signed.origin),
            nonce: self.expected.nonce.as_deref().unwrap_or(&signed.nonce),
            method: self.expected.method.unwrap_or(signed.method),
            now: time(self.expected.now.unwrap_or(NOW)),
        };
        let authorities =
            self.authorities.unwrap_or_else(|| vec!["user-authentication-ca.der".to_owned()]);
        let trust = Trust::from_certificates(authorities.iter().map(|file| certificate(file)))?;
        let trust = match self.accept_test_hierarchy {
            Some(false) => trust,
            _ => trust.accepting_test_hierarchy(),
        };
        verify(&Token::from_json(text.as_bytes())?, &expected, &trust)
    }
}

pub(crate) fn read(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(path)).unwrap()
}

pub(crate) fn certificate(file: &str) -> Vec<u8> {
    read(&format!("certificates/{file}"))
}

pub(crate) fn signed(name: &str) -> Signed {
    serde_json::from_slice(&read(&format!("verify/{name}.json"))).unwrap()
}

pub(crate) fn cases<C: for<'a> Deserialize<'a>>(name: &str) -> Vec<C> {
    let Cases { cases } = serde_json::from_slice(&read(&format!("verify/{name}.json"))).unwrap();
    assert!(!cases.is_empty(), "{name}");
    cases
}

/// The authority that issued the certificates in `vectors`.
pub(crate) fn trust() -> Trust {
    Trust::from_certificates([certificate("user-authentication-ca.der")])
        .unwrap()
        .accepting_test_hierarchy()
}

pub(crate) fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
