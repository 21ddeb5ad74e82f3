//! What is in the files of an image.

use kazashi_emulator::{Application, Contents, Ef, Image};
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::sha2::Sha256;
use rsa::signature::Verifier;
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
