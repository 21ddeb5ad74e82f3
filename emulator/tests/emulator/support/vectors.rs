//! Files in `vectors`.

use std::fs;
use std::path::Path;

use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;

pub(crate) fn private_key(name: &str) -> RsaPrivateKey {
    let path = vectors().join("keys").join(name);
    RsaPrivateKey::from_pkcs8_pem(&fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn cv_certificate(name: &str) -> Vec<u8> {
    fs::read(vectors().join("cv-certificates").join(name)).unwrap()
}

pub(crate) fn certificate(name: &str) -> Vec<u8> {
    fs::read(vectors().join("certificates").join(name)).unwrap()
}

/// A picture for a card's face.
pub(crate) fn drawn(name: &str) -> Vec<u8> {
    fs::read(vectors().join("../emulator/faces").join(name)).unwrap()
}

fn vectors() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors"))
}
