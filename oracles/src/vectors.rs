//! The relying party of `vectors/verify`.

use std::time::{Duration, SystemTime};

use kazashi_verify::{CvTrust, KeyIdentifier, Trust};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use serde_json::Value;

pub(crate) const ORIGIN: &str = "https://portal.example";

pub(crate) fn case(json: &str) -> Value {
    serde_json::from_str(json).expect("a vector")
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn trust() -> Trust {
    let authority = include_bytes!("../../vectors/certificates/user-authentication-ca.der");
    Trust::from_certificates([authority]).expect("a vector").accepting_test_hierarchy()
}

pub(crate) fn cv_trust() -> CvTrust {
    let root = include_str!("../../vectors/keys/card-surface-authority.pem");
    let root = RsaPrivateKey::from_pkcs8_pem(root).expect("a vector").to_public_key();
    let root = root.to_public_key_der().expect("a vector");
    let name = KeyIdentifier::from_hexadecimal("39303030303233080530303100000000");
    CvTrust::pinned()
        .with_key(name.expect("a name"), root.as_bytes())
        .expect("a vector")
        .accepting_test_hierarchy()
}
