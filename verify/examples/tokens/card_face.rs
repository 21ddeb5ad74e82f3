//! Card faces as pages read them from cards, honest and not.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::presence::{PRODUCTION_ROOT, RECORDS, ROOT, cv_certificate, key_objects, object};
use crate::{
    APP_VERSION, ORIGIN, PIN, PRESENCE, Result, TERMINAL, card_information, key, nonce, root, sign,
    statement,
};

/// DigestInfo of SHA-256, but of 96 bytes (card.md 4.8).
const THREE_DIGESTS: &[u8; 19] =
    b"\x30\x71\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x60";

/// Content of EF 0002 (card.md 3.3), each object with its header, by its tag.
#[derive(Clone)]
struct Face(BTreeMap<u16, Vec<u8>>);

impl Face {
    /// The offsets are none, to be believed by nobody; nor are the images, which nobody looks at here.
    fn new(birth_date: &str, key: &RsaPrivateKey) -> Self {
        Self(BTreeMap::new())
            .with(0xDF21, &[0xEE; 18])
            .with(0xDF22, birth_date.as_bytes())
            .with(0xDF23, b"2")
            .with(0xDF24, &key_objects(key))
            .with(0xDF25, b"drawn name")
            .with(0xDF26, b"drawn address")
            .with(0xDF27, b"photograph")
            .with(0xDF29, b"20350217")
            .with(0xDF2A, b"drawn security code")
    }

    fn with(&self, tag: u16, value: &[u8]) -> Self {
        self.with_object(tag, object(tag, value))
    }

    fn with_object(&self, tag: u16, object: Vec<u8>) -> Self {
        let mut objects = self.0.clone();
        objects.insert(tag, object);
        Self(objects)
    }

    fn without(&self, tag: u16) -> Self {
        self.with_object(tag, Vec::new())
    }

    fn signed(&self, signer: &RsaPrivateKey) -> Result<Self> {
        let digest = |tags: &[u16]| {
            let objects = tags.iter().filter_map(|tag| self.0.get(tag));
            Sha256::digest(objects.flatten().copied().collect::<Vec<_>>())
        };
        let attributes = digest(&[0xDF22, 0xDF23, 0xDF24]);
        let digests = [attributes, digest(&[0xDF25, 0xDF26]), digest(&[0xDF27])].concat();
        let scheme = Pkcs1v15Sign { hash_len: Some(96), prefix: THREE_DIGESTS.as_slice().into() };
        Ok(self.with(0xDF28, &signer.sign(scheme, &digests)?))
    }

    fn content(&self) -> Vec<u8> {
        self.0.values().flatten().copied().collect()
    }

    fn record(&self) -> Vec<u8> {
        object(0xFF20, &self.content())
    }
}

/// `vectors/verify/card-face.json`: what was read of one card, and all that could pass for it.
pub(crate) fn card_face() -> Result<Value> {
    let nonce = nonce(0x66);
    let expected = statement(PRESENCE, &nonce);
    let (card, other_card) = (key("card-surface")?, key("card-surface-2")?);
    let (records, foreign) = (key("card-surface-records")?, key("foreign-ca")?);
    let authority = key("card-surface-authority")?;

    let face = Face::new("19800217", &card);
    let genuine = face.signed(&records)?;
    let record = genuine.record();
    let image = |name| fs::read(root().join("emulator/faces").join(name));
    let drawn = face
        .with(0xDF25, &image("hanako-name.png")?)
        .with(0xDF26, &image("hanako-address.png")?)
        .with(0xDF27, &image("hanako-photo.jp2")?)
        .with(0xDF2A, &image("hanako-security-code.png")?)
        .signed(&records)?;
    let other_signature = face.with(0xDF27, b"another photograph").signed(&records)?;
    let other_signature = other_signature.with(0xDF27, b"photograph");
    let long_lengths = {
        let long = b"\xDF\x22\x82\x00\x0819800217".to_vec();
        let content = face.with_object(0xDF22, long).signed(&records)?.content();
        let length = u32::try_from(content.len())?.to_be_bytes();
        [b"\xFF\x20\x84", length.as_slice(), &content].concat()
    };
    let weak = {
        let mut modulus = card.n().to_bytes_be();
        *modulus.first_mut().ok_or("a modulus")? = 0;
        [b"\x90\x03\x01\x00\x01\x91\x82\x01\x00", modulus.as_slice()].concat()
    };

    let certificate = cv_certificate(ROOT, RECORDS, &authority, &records)?;
    let signature = sign(&card, &expected)?;
    let read = |record: &[u8], certificate: &[u8], signature: &[u8]| {
        json!({
            "record": STANDARD.encode(record),
            "cvCertificate": STANDARD.encode(certificate),
            "signature": STANDARD.encode(signature),
            "appVersion": APP_VERSION,
        })
    };
    let bytes = |record: &[u8]| read(record, &certificate, &signature);
    let altered = |tag, value: &[u8]| bytes(&genuine.with(tag, value).record());
    let issued = |face: Face| -> Result<Value> { Ok(bytes(&face.signed(&records)?.record())) };
    let certified = |issuer, subject, signer| -> Result<Value> {
        Ok(read(&record, &cv_certificate(issuer, subject, signer, &records)?, &signature))
    };
    let signed = |key: &RsaPrivateKey, statement: &[u8]| -> Result<Value> {
        Ok(read(&record, &certificate, &sign(key, statement)?))
    };
    Ok(json!({
        "origin": ORIGIN,
        "nonce": nonce,
        "readings": {
            "genuine": bytes(&record),
            "drawn": bytes(&drawn.record()),
            "other person": read(
                &Face::new("19950217", &other_card).signed(&records)?.record(),
                &certificate,
                &sign(&other_card, &expected)?,
            ),
            "filler": bytes(&[record.as_slice(), &[0xFF; 40]].concat()),
            "stray bytes": bytes(&[b"\x12\x34", record.as_slice()].concat()),
            "long lengths": bytes(&long_lengths),
            "unknown sex": issued(face.with(0xDF23, b"0"))?,
            "not applicable sex": issued(face.with(0xDF23, b"9"))?,
            "other expiry": altered(0xDF29, b"20990217"),
            "other security code": altered(0xDF2A, b"drawn otherwise"),

            "swapped photo": altered(0xDF27, b"another photograph"),
            "altered name": altered(0xDF25, b"drawn otherwise"),
            "altered address": altered(0xDF26, b"drawn otherwise"),
            "altered birth date": altered(0xDF22, b"19800218"),
            "altered sex": altered(0xDF23, b"1"),
            "other key": altered(0xDF24, &key_objects(&other_card)),
            "signature of another photo": bytes(&other_signature.record()),
            "signed by the card": bytes(&face.signed(&card)?.record()),
            "foreign records": bytes(&face.signed(&foreign)?.record()),
            "foreign root": certified(ROOT, RECORDS, &foreign)?,
            "foreign root of production": certified(PRODUCTION_ROOT, RECORDS, &foreign)?,
            "root of production": certified(PRODUCTION_ROOT, RECORDS, &authority)?,
            "root of card information": certified(card_information::ROOT, RECORDS, &authority)?,
            "another card's signature": signed(&other_card, &expected)?,
            "PIN statement": signed(&card, &statement(PIN, &nonce))?,
            "terminal statement": signed(&card, &statement(TERMINAL, &nonce))?,

            "no birth date": issued(face.with(0xDF22, b"19800230"))?,
            "no sex": issued(face.with(0xDF23, b"5"))?,
            "no expiry": altered(0xDF29, b"20351317"),
            "no photo": bytes(&genuine.without(0xDF27).record()),
            "no signature": bytes(&face.record()),
            "short key": issued(face.with(0xDF24, &weak))?,
            "truncated": bytes(record.split_last().ok_or("a record")?.1),
            "trailing byte": bytes(&[record.as_slice(), b"\x01"].concat()),
            "another record": bytes(&object(0xFF40, &genuine.content())),
            "empty": bytes(b""),
        },
    }))
}
