//! Presence proofs, honest and not, and what a relying party stores at enrolment.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::Sha256;
use x509_cert::der::{Decode, Encode, SliceReader};

use crate::{
    APP_VERSION, Holder, ORIGIN, PIN, PRESENCE, Result, TERMINAL, key, nonce, root, sign, statement,
};

/// The key of the relying party.
const PAIRWISE_KEY: [u8; 32] = [7; 32];

pub(crate) const ROOT: &[u8; 16] = b"9000023\x08\x05001\0\0\0\0";
pub(crate) const PRODUCTION_ROOT: &[u8; 16] = b"5000023\x08\x05001\0\0\0\0";
pub(crate) const RECORDS: &[u8; 16] = b"9322121\x08\x05000\0\0\0\0";

/// The half of a card that holds the card surface key.
#[derive(Clone)]
struct CardSurface {
    key: RsaPrivateKey,
    age_record: Vec<u8>,
    cv_certificate: Vec<u8>,
}

/// A field of a proof: the certificate, or its head.
type Field<'a> = (&'static str, &'a [u8]);

/// `vectors/verify/presence.json`: one enrolled holder, and all that could pass for her.
pub(crate) fn presence(hanako: &Holder) -> Result<Value> {
    let nonce = nonce(0x33);
    let expected = statement(PRESENCE, &nonce);
    let (whole, head) = fields(hanako)?;
    let taro = taro()?;
    let (strangers, strangers_head) = fields(&taro)?;

    let surface = card_surface("19800217", key("card-surface")?)?;
    let strangers_surface = card_surface("19950217", key("card-surface-2")?)?;
    let records = key("card-surface-records")?;
    let foreign = key("foreign-ca")?;
    let forged = CardSurface {
        age_record: age_record("19800217", &foreign, &foreign)?,
        key: foreign.clone(),
        ..surface.clone()
    };
    let other_date = CardSurface {
        age_record: age_record("19800218", &surface.key, &records)?,
        ..surface.clone()
    };
    let no_date = CardSurface {
        age_record: age_record("19800230", &surface.key, &records)?,
        ..surface.clone()
    };
    let foreign_root = CardSurface {
        cv_certificate: cv_certificate(ROOT, RECORDS, &foreign, &records)?,
        ..surface.clone()
    };
    let foreign_production_root = CardSurface {
        cv_certificate: cv_certificate(PRODUCTION_ROOT, RECORDS, &foreign, &records)?,
        ..surface.clone()
    };
    let other_key = CardSurface { key: hanako.key.clone(), ..surface.clone() };
    Ok(json!({
        "origin": ORIGIN,
        "nonce": nonce,
        "enrolments": enrolments(hanako, &surface)?,
        "proofs": {
            "whole": proof(whole, &surface, &expected)?,
            "head": proof(head, &surface, &expected)?,
            "stranger": proof(strangers, &strangers_surface, &expected)?,
            "stranger, by head": proof(strangers_head, &strangers_surface, &expected)?,
            "copied certificate": proof(whole, &strangers_surface, &expected)?,
            "copied head": proof(head, &strangers_surface, &expected)?,
            "stranger's certificate": proof(strangers, &surface, &expected)?,
            "forged age record": proof(whole, &forged, &expected)?,
            "other birth date": proof(whole, &other_date, &expected)?,
            "no birth date": proof(whole, &no_date, &expected)?,
            "foreign root": proof(whole, &foreign_root, &expected)?,
            "foreign root of production": proof(whole, &foreign_production_root, &expected)?,
            "PIN statement": proof(whole, &surface, &statement(PIN, &nonce))?,
            "terminal statement": proof(whole, &surface, &statement(TERMINAL, &nonce))?,
            "user authentication key": proof(whole, &other_key, &expected)?,
        },
    }))
}

/// `vectors/verify/enrolment.json`: tokens and proofs, of which some belong together.
pub(crate) fn enrolment(hanako: &Holder) -> Result<Value> {
    let (pin_nonce, presence_nonce) = (nonce(0x44), nonce(0x55));
    let expected = statement(PRESENCE, &presence_nonce);
    let (whole, head) = fields(hanako)?;
    let taro = taro()?;
    let (strangers, _) = fields(&taro)?;
    // The same key in another certificate.
    let reissued =
        fs::read(root().join("vectors/certificates/issued-by-same-name-foreign-ca.der"))?;
    let reissued = Holder { key: hanako.key.clone(), certificate: reissued };

    let surface = card_surface("19800217", key("card-surface")?)?;
    let strangers_surface = card_surface("19950217", key("card-surface-2")?)?;
    Ok(json!({
        "origin": ORIGIN,
        "pinNonce": pin_nonce,
        "presenceNonce": presence_nonce,
        "enrolments": enrolments(hanako, &surface)?,
        "tokens": {
            "pin": hanako.token(PIN, &pin_nonce)?,
            "terminal": hanako.token(TERMINAL, &pin_nonce)?,
            "stranger": taro.token(PIN, &pin_nonce)?,
            "reissued": reissued.token(PIN, &pin_nonce)?,
        },
        "proofs": {
            "whole": proof(whole, &surface, &expected)?,
            "head": proof(head, &surface, &expected)?,
            "stranger": proof(strangers, &strangers_surface, &expected)?,
            "copied certificate": proof(whole, &strangers_surface, &expected)?,
        },
    }))
}

/// The enrolments that a relying party stores, without and with the certificate.
fn enrolments(holder: &Holder, surface: &CardSurface) -> Result<Value> {
    let certificate = x509_cert::Certificate::from_der(&holder.certificate)?.tbs_certificate;
    let recognition = keyed_hash(&[
        b"kazashi-recognition:1\0",
        &certificate.issuer.to_der()?,
        &certificate.serial_number.to_der()?,
    ])?;
    let subject = holder.key.to_public_key().to_public_key_der()?;
    let subject = keyed_hash(&[subject.as_bytes()])?;
    let modulus = surface.key.n().to_bytes_be();
    let card_surface_key = keyed_hash(&[b"kazashi-card-surface-key:1\0", &modulus])?;
    Ok(json!({
        "without certificate": {
            "subject": subject,
            "cardSurfaceKey": card_surface_key,
            "birthDate": "19800217",
        },
        "with certificate": {
            "subject": subject,
            "cardSurfaceKey": card_surface_key,
            "birthDate": "19800217",
            "certificate": STANDARD.encode(&holder.certificate),
            "recognition": recognition,
        },
    }))
}

fn keyed_hash(parts: &[&[u8]]) -> Result<String> {
    let mac = Hmac::<Sha256>::new_from_slice(&PAIRWISE_KEY)?.chain_update(parts.concat());
    Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn proof((name, bytes): Field<'_>, surface: &CardSurface, statement: &[u8]) -> Result<Value> {
    Ok(json!({
        "format": "kazashi-presence:1",
        (name): STANDARD.encode(bytes),
        "ageRecord": STANDARD.encode(&surface.age_record),
        "cvCertificate": STANDARD.encode(&surface.cv_certificate),
        "signature": STANDARD.encode(sign(&surface.key, statement)?),
        "appVersion": APP_VERSION,
    }))
}

/// The certificate, and what one short READ BINARY reads of it.
fn fields(holder: &Holder) -> Result<(Field<'_>, Field<'_>)> {
    let head = holder.certificate.get(..256).ok_or("a short certificate")?;
    Ok((("unverifiedCertificate", &holder.certificate), ("certificateHead", head)))
}

fn card_surface(birth_date: &str, card: RsaPrivateKey) -> Result<CardSurface> {
    let records = key("card-surface-records")?;
    Ok(CardSurface {
        age_record: age_record(birth_date, &card, &records)?,
        cv_certificate: cv_certificate(ROOT, RECORDS, &key("card-surface-authority")?, &records)?,
        key: card,
    })
}

/// EF 0001 (card.md 3.3).
fn age_record(birth_date: &str, key: &RsaPrivateKey, signer: &RsaPrivateKey) -> Result<Vec<u8>> {
    let signed = [
        b"\xDF\x11\x08".as_slice(),
        birth_date.as_bytes(),
        b"\xDF\x12\x82\x01\x09",
        &key_objects(key),
    ]
    .concat();
    let signature = sign(signer, &signed)?;
    Ok([b"\xFF\x10\x82\x02\x1E", signed.as_slice(), b"\xDF\x13\x82\x01\x00", &signature].concat())
}

/// EF 0004 (card.md 4.8).
pub(crate) fn cv_certificate(
    issuer: &[u8; 16],
    name: &[u8; 16],
    signer: &RsaPrivateKey,
    subject: &RsaPrivateKey,
) -> Result<Vec<u8>> {
    let body = [issuer.as_slice(), name, &key_objects(subject)].concat();
    let signature = sign(signer, &body)?;
    Ok([
        b"\x7F\x21\x82\x02\x33\x5F\x4E\x82\x01\x29",
        body.as_slice(),
        b"\x5F\x37\x82\x01\x00",
        &signature,
    ]
    .concat())
}

/// Exponent and modulus.
pub(crate) fn key_objects(key: &RsaPrivateKey) -> Vec<u8> {
    [b"\x90\x03\x01\x00\x01\x91\x82\x01\x00", key.n().to_bytes_be().as_slice()].concat()
}

/// A data object, of a tag of two bytes.
pub(crate) fn object(tag: u16, value: &[u8]) -> Vec<u8> {
    let (long, length) = (value.len() > 0x7F, value.len().to_be_bytes());
    let [.., high, low] = length;
    let header = match (long, high) {
        (false, _) => vec![low],
        (true, 0) => vec![0x81, low],
        (true, _) => vec![0x82, high, low],
    };
    [tag.to_be_bytes().as_slice(), &header, value].concat()
}

/// The other person for whom there is a card.
fn taro() -> Result<Holder> {
    let file = fs::read(root().join("emulator/images/another-person/jpki/000A.bin"))?;
    // The file goes on with filler.
    let certificate = x509_cert::Certificate::decode(&mut SliceReader::new(&file)?)?;
    Ok(Holder { key: key("user-authentication-2")?, certificate: certificate.to_der()? })
}
