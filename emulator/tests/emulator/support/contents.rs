//! Contents of the files of an image.

use kazashi_emulator::{Application, Contents, Ef, Image};
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::sha2::{Digest, Sha256};
use rsa::signature::Verifier;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode, SliceReader};

/// Whether the certificate in this file was signed with the key of that.
pub(crate) fn is_issued(image: &Image, id: u16, authority: &Image, authority_id: u16) -> bool {
    let certificate = certificate(image, id);
    let key = VerifyingKey::<Sha256>::new(public_key(authority, authority_id));
    let signature = Signature::try_from(certificate.signature.raw_bytes()).unwrap();
    key.verify(&certificate.tbs_certificate.to_der().unwrap(), &signature).is_ok()
}

/// The key in the certificate in this file.
pub(crate) fn public_key(image: &Image, id: u16) -> RsaPublicKey {
    let info = certificate(image, id).tbs_certificate.subject_public_key_info;
    RsaPublicKey::from_public_key_der(&info.to_der().unwrap()).unwrap()
}

/// The certificate in this file. What is behind it is filler.
pub(crate) fn certificate(image: &Image, id: u16) -> Certificate {
    Certificate::decode(&mut SliceReader::new(transparent(image, id)).unwrap()).unwrap()
}

pub(crate) fn transparent(image: &Image, id: u16) -> &[u8] {
    transparent_of(image, Application::Jpki, id)
}

pub(crate) fn transparent_of(image: &Image, application: Application, id: u16) -> &[u8] {
    match image.contents(Ef { application, id }) {
        Some(Contents::Transparent(bytes)) => bytes,
        _ => panic!("{application:?}/{id:04X} is not transparent"),
    }
}

/// A data object of a record, and where in the file its tag is.
pub(crate) struct Object<'a> {
    pub(crate) at: usize,
    pub(crate) tag: u16,
    pub(crate) value: &'a [u8],
    pub(crate) encoded: &'a [u8],
}

/// The objects in the one object that a file begins with, of tags of two bytes.
pub(crate) fn objects_in(file: &[u8]) -> Vec<Object<'_>> {
    let (_, mut at, end) = header(file, 0);
    let mut objects = Vec::new();
    while at < end {
        let (tag, value, next) = header(file, at);
        objects.push(Object { at, tag, value: &file[value..next], encoded: &file[at..next] });
        at = next;
    }
    assert_eq!(at, end);
    objects
}

/// The tag of two bytes that stands here, where its value begins, and where it ends.
fn header(file: &[u8], at: usize) -> (u16, usize, usize) {
    let tag = u16::from_be_bytes([file[at], file[at + 1]]);
    let (value, length) = match file[at + 2] {
        short @ 0x00..=0x7F => (at + 3, usize::from(short)),
        0x81 => (at + 4, usize::from(file[at + 3])),
        0x82 => (at + 5, usize::from(u16::from_be_bytes([file[at + 3], file[at + 4]]))),
        _ => panic!("a length of another form at {at}"),
    };
    (tag, value, value + length)
}

/// The key whose exponent and modulus begin here.
pub(crate) fn key_in(bytes: &[u8], at: usize) -> RsaPublicKey {
    let modulus = bytes[at..].strip_prefix(b"\x90\x03\x01\x00\x01\x91\x82\x01\x00").unwrap();
    RsaPublicKey::new(BigUint::from_bytes_be(&modulus[..256]), BigUint::from(65_537_u32)).unwrap()
}

pub(crate) fn is_signed(key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
}
