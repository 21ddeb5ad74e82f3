//! Beginnings of the corpora, from the vectors.

use std::path::PathBuf;
use std::{fs, io};

use kazashi_core::codec::Hex;
use kazashi_verify::{CardFaceProof, CardFaceRecord};
use serde::Deserialize;
use serde_json::Value;

/// What an oracle is given first.
#[derive(Debug)]
#[non_exhaustive]
pub struct Corpus {
    /// The name of the oracle, and of its fuzz target.
    pub name: &'static str,
    /// Its bytes.
    pub seeds: Vec<Vec<u8>>,
}

/// The corpora to begin with, one for each oracle. They are read from `vectors/`.
pub fn corpora() -> io::Result<Vec<Corpus>> {
    let commands = all_hexadecimal(&json("apdu/commands.json")?["commands"]);
    let responses = all_hexadecimal(&json("apdu/responses.json")?);
    let objects = all_hexadecimal(&json("apdu/tlv.json")?);
    let certificates = files("cv-certificates")?;
    let token = json("verify/pin.json")?["token"].to_string().into_bytes();
    let corpora = [
        ("policy", scripts(&commands)),
        ("apdu", [commands, responses].concat()),
        ("tlv", [objects, certificates.clone()].concat()),
        ("cv_certificate", certificates),
        ("wire", elements(&json("wire/messages.json")?)),
        ("token", vec![token]),
        ("presence_proof", elements(&json("verify/presence.json")?["proofs"])),
        ("card_face", card_face()?),
        ("photo", vec![fs::read(path("emulator/faces/hanako-photo.jp2"))?]),
    ];
    Ok(corpora.into_iter().map(|(name, seeds)| Corpus { name, seeds }).collect())
}

/// Scripts in which an origin sends the commands of the card's ordinary flows, granted everything
/// but raw commands, and granted nothing.
fn scripts(commands: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let select = b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01".to_vec();
    let step = |command: &Vec<u8>| {
        let length = u8::try_from(command.len()).unwrap_or(0) & 0x1F;
        [&[0x40 | length], command.get(..usize::from(length)).unwrap_or_default()].concat()
    };
    let scripts = commands.iter().flat_map(|command| {
        let steps = [step(&select), step(command), step(command)].concat();
        [[0x03, 0xFF], [0x00, 0x00]].map(|granted| [&granted[..], &steps].concat())
    });
    scripts.collect()
}

/// The face of an emulated card, and a proof of it that lacks the card's signature.
fn card_face() -> io::Result<Vec<Vec<u8>>> {
    let surface = path("emulator/images/normal/card-surface");
    let [file, certificate] =
        [fs::read(surface.join("0002.bin"))?, fs::read(surface.join("0004.bin"))?];
    let record = CardFaceRecord::parse(&file).map_err(io::Error::other)?;
    let proof = serde_json::to_vec(&CardFaceProof::new(&record, &certificate, &[], ""))?;
    Ok(vec![file, proof])
}

fn json(name: &str) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path("vectors").join(name))?)?)
}

fn files(folder: &str) -> io::Result<Vec<Vec<u8>>> {
    fs::read_dir(path("vectors").join(folder))?.map(|entry| fs::read(entry?.path())).collect()
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", name].iter().collect()
}

/// Every text in it that is bytes in hexadecimal.
fn all_hexadecimal(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::String(_) => {
            Hex::deserialize(value).into_iter().map(|hex| hex.as_bytes().to_vec()).collect()
        }
        Value::Array(values) => values.iter().flat_map(all_hexadecimal).collect(),
        Value::Object(fields) => fields.values().flat_map(all_hexadecimal).collect(),
        _ => Vec::new(),
    }
}

/// Every object in lists or by names, as JSON.
fn elements(value: &Value) -> Vec<Vec<u8>> {
    let text = |value: &Value| value.to_string().into_bytes();
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Object(fields) => fields
            .values()
            .flat_map(|value| match value {
                Value::Array(_) => elements(value),
                Value::Object(_) => vec![text(value)],
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}
