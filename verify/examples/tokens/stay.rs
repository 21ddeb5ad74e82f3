//! Words of bridges for stays of cards, honest and not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Holder, ORIGIN, PIN, PRESENCE, Result, TERMINAL, key, nonce, sign, statement};

/// What a card signed: the name of the method, the nonce, the signature.
#[derive(Clone)]
struct Signed(&'static str, String, Vec<u8>);

/// A word before it is signed, for the page of an origin.
#[derive(Clone)]
struct Word<'a> {
    tag: &'static str,
    bridge: &'a SigningKey,
    origin: &'static str,
    stay: [u8; 16],
    statements: Vec<Signed>,
    challenge: Option<(String, Vec<u8>)>,
}

impl Word<'_> {
    fn signed_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = [self.tag.as_bytes(), self.bridge.verifying_key().as_bytes()].concat();
        bytes.extend(Sha256::digest(self.origin));
        bytes.extend(self.stay);
        bytes.push(self.statements.len().try_into()?);
        for Signed(method, nonce, signature) in &self.statements {
            bytes.push(method.len().try_into()?);
            bytes.extend(method.as_bytes());
            bytes.extend(Sha256::digest(nonce));
            bytes.extend(Sha256::digest(signature));
        }
        match &self.challenge {
            None => bytes.push(0),
            Some((nonce, challenge)) => {
                bytes.push(challenge.len().try_into()?);
                bytes.extend(Sha256::digest(nonce));
                bytes.extend(challenge);
            }
        }
        Ok(bytes)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let bytes = self.signed_bytes()?;
        let signature = self.bridge.sign(&bytes);
        Ok(followed_by(bytes, signature))
    }
}

/// `vectors/verify/stay.json`: what two cards signed in several stays, and the words for these.
pub(crate) fn stays(hanako: &Holder) -> Result<Value> {
    let [counter, stranger] = [1, 2].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let (surface, strangers_surface) = (key("card-surface")?, key("card-surface-2")?);
    let (new_key, earlier) = (key("user-authentication-2")?, nonce(0x55));
    let (pin, presence, renewal, terminal) = (nonce(0x44), nonce(0x66), nonce(0x77), nonce(0x22));
    let by = |key, method, tag, nonce: &str| -> Result<Signed> {
        Ok(Signed(method, nonce.to_owned(), sign(key, &statement(tag, nonce))?))
    };
    let token = by(&hanako.key, "pin", PIN, &pin)?;
    let proof = by(&surface, "presence", PRESENCE, &presence)?;
    let strangers_token = by(&new_key, "pin", PIN, &pin)?;
    let strangers_proof = by(&strangers_surface, "presence", PRESENCE, &presence)?;
    let earlier_proof = by(&surface, "presence", PRESENCE, &earlier)?;
    let new_token = by(&new_key, "pin", PIN, &renewal)?;
    let terminal_token = by(&hanako.key, "terminal", TERMINAL, &terminal)?;

    let enrolment = Word {
        tag: "kazashi-stay:1\0",
        bridge: &counter,
        origin: ORIGIN,
        stay: *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F",
        statements: vec![token.clone(), proof.clone()],
        challenge: None,
    };
    let of = |statements: &[&Signed]| Word {
        statements: statements.iter().map(|signed| (*signed).clone()).collect(),
        ..enrolment.clone()
    };
    let in_stay = |stay: u8, statements: &[&Signed]| Word { stay: [stay; 16], ..of(statements) };
    let challenged = |nonce: &str| {
        let challenge = Some((nonce.to_owned(), vec![0xC5; 32]));
        Word { challenge, ..of(&[&proof]) }
    };
    let words = json!({
        "enrolment": text(&enrolment.bytes()?),
        "stranger's enrolment": text(&in_stay(0xAA, &[&strangers_token, &strangers_proof]).bytes()?),
        "earlier stay": text(&in_stay(0xBB, &[&earlier_proof]).bytes()?),
        "renewal": text(&of(&[&token, &new_token]).bytes()?),
        "all methods": text(&of(&[&token, &proof, &terminal_token]).bytes()?),
        "nothing": text(&of(&[]).bytes()?),
        "sixteen": text(&of(&[&proof; 16]).bytes()?),
        "same nonce twice": text(&of(&[&strangers_proof, &proof, &token]).bytes()?),
        "challenge": text(&challenged(&terminal).bytes()?),
        "challenge for another nonce": text(&challenged(&renewal).bytes()?),
        "another origin": text(&Word { origin: "https://thief.example", ..enrolment.clone() }.bytes()?),
        "another bridge": text(&Word { bridge: &stranger, ..enrolment.clone() }.bytes()?),

        "in another bridge's name": text(&followed_by(
            enrolment.signed_bytes()?,
            stranger.sign(&enrolment.signed_bytes()?),
        )),
        "statement added": text(&followed_by(
            of(&[&strangers_token, &proof]).signed_bytes()?,
            counter.sign(&enrolment.signed_bytes()?),
        )),
        "seventeen": text(&of(&[&proof; 17]).bytes()?),
        "another tag": text(&Word { tag: "kazashi-stay:2\0", ..enrolment.clone() }.bytes()?),
        "unknown method": text(
            &of(&[&Signed("wave", pin.clone(), token.2.clone()), &proof]).bytes()?,
        ),
        "truncated": text(enrolment.bytes()?.split_last().ok_or("a word")?.1),
        "trailing byte": text(&[enrolment.bytes()?.as_slice(), b"\0"].concat()),
        "tag alone": text(b"kazashi-stay:1\0"),
        "empty": "",
    });
    let signed = |Signed(method, nonce, signature): &Signed| json!({ "method": method, "nonce": nonce, "signature": STANDARD.encode(signature) });
    Ok(json!({
        "origin": ORIGIN,
        "stay": "000102030405060708090a0b0c0d0e0f",
        "terminalNonce": terminal,
        "bridges": {
            "counter": STANDARD.encode(counter.verifying_key().as_bytes()),
            "stranger": STANDARD.encode(stranger.verifying_key().as_bytes()),
        },
        "signatures": {
            "token": signed(&token),
            "proof": signed(&proof),
            "stranger's token": signed(&strangers_token),
            "stranger's proof": signed(&strangers_proof),
            "earlier proof": signed(&earlier_proof),
            "new token": signed(&new_token),
            "terminal token": signed(&terminal_token),
            "token for another nonce": signed(&Signed("pin", renewal, token.2.clone())),
            "token as a proof": signed(&Signed("presence", pin, token.2.clone())),
        },
        "words": words,
    }))
}

fn followed_by(mut bytes: Vec<u8>, signature: Signature) -> Vec<u8> {
    bytes.extend(signature.to_bytes());
    bytes
}

fn text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
