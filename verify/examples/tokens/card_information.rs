//! The four basic attributes as they are read from cards, honest and not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::RsaPrivateKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::presence::{ROOT as CARD_SURFACE_ROOT, cv_certificate, object};
use crate::{Result, key, sign};

pub(crate) const ROOT: &[u8; 16] = b"9000033\x08\x05001\0\0\0\0";
const RECORDS: &[u8; 16] = b"9322131\x08\x05000\0\0\0\0";
const PRODUCTION_ROOT: &[u8; 16] = b"5000033\x08\x05001\0\0\0\0";

/// EF 0002 without its offsets (card.md 3.2).
fn attributes(name: &str, birth_date: &str) -> Vec<u8> {
    [
        object(0xDF22, name.as_bytes()),
        object(0xDF23, "東京都千代田区霞が関一丁目1番1号".as_bytes()),
        object(0xDF24, birth_date.as_bytes()),
        object(0xDF25, b"2"),
    ]
    .concat()
}

/// EF 0002. The offsets are none, to be believed by nobody.
fn record(attributes: &[u8]) -> Vec<u8> {
    object(0xFF20, &[object(0xDF21, &[0xEE; 8]).as_slice(), attributes].concat())
}

/// EF 0003: of an individual number that there is none of.
fn integrity(attributes: &[u8], signer: &RsaPrivateKey) -> Result<Vec<u8>> {
    let digests = [
        object(0xDF31, &Sha256::digest(b"no individual number")),
        object(0xDF32, &Sha256::digest(attributes)),
    ]
    .concat();
    let signature = object(0xDF33, &sign(signer, &digests)?);
    Ok(object(0xFF30, &[digests, signature].concat()))
}

/// `vectors/verify/attributes.json`.
pub(crate) fn readings() -> Result<Value> {
    let (records, foreign) = (key("card-info-records")?, key("foreign-ca")?);
    let authority = key("card-info-authority")?;
    let certificate = cv_certificate(ROOT, RECORDS, &authority, &records)?;
    let of_hanako = attributes("公的\u{3000}花子", "19800217");
    let record_of_hanako = record(&of_hanako);
    let integrity_of_hanako = integrity(&of_hanako, &records)?;

    let read = |record: &[u8], integrity: &[u8], certificate: &[u8]| {
        json!({
            "record": STANDARD.encode(record),
            "integrityRecord": STANDARD.encode(integrity),
            "cvCertificate": STANDARD.encode(certificate),
        })
    };
    let bytes = |record: &[u8]| read(record, &integrity_of_hanako, &certificate);
    let said_of = |integrity: &[u8]| read(&record_of_hanako, integrity, &certificate);
    let certified = |issuer, signer| -> Result<Value> {
        let certificate = cv_certificate(issuer, RECORDS, signer, &records)?;
        Ok(read(&record_of_hanako, &integrity_of_hanako, &certificate))
    };
    let mut altered = integrity_of_hanako.clone();
    // In the digest of the individual number, which is signed too.
    *altered.get_mut(10).ok_or("an integrity record")? ^= 1;
    let no_day = attributes("公的\u{3000}花子", "19800230");
    Ok(json!({
        "genuine": bytes(&record_of_hanako),
        "filler": read(
            &[record_of_hanako.as_slice(), &[0xFF; 100]].concat(),
            &[integrity_of_hanako.as_slice(), &[0x00; 3]].concat(),
            &certificate,
        ),
        "stray bytes": bytes(&[b"\x12\x34", record_of_hanako.as_slice()].concat()),
        "altered name": bytes(&record(&attributes("公的\u{3000}花代", "19800217"))),
        "altered birth date": bytes(&record(&attributes("公的\u{3000}花子", "19800218"))),
        "one more object": bytes(&record(&[of_hanako.as_slice(), b"\xDF\x26\x00"].concat())),
        "altered digest": said_of(&altered),
        "signed by another": said_of(&integrity(&of_hanako, &foreign)?),
        "foreign root": certified(ROOT, &foreign)?,
        "root of production": certified(PRODUCTION_ROOT, &authority)?,
        "root of the card surface": certified(CARD_SURFACE_ROOT, &authority)?,
        "no birth date": read(&record(&no_day), &integrity(&no_day, &records)?, &certificate),
        "no offsets": bytes(&object(0xFF20, &of_hanako)),
        "truncated": bytes(record_of_hanako.split_last().ok_or("a record")?.1),
        "truncated integrity record": said_of(integrity_of_hanako.split_last().ok_or("a record")?.1),
        "no integrity record": said_of(&record_of_hanako),
        "no certificate": read(&record_of_hanako, &integrity_of_hanako, b""),
    }))
}
