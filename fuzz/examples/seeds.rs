//! Writes the corpus to begin with, `corpus/TARGET`, from the vectors.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kazashi_verify::{CardFaceProof, CardFaceRecord};
use serde_json::Value;

fn main() -> io::Result<()> {
    let commands = json("apdu/commands.json")?;
    let commands = all_hexadecimal(&commands["commands"]);
    write("apdu", commands.iter().chain(&all_hexadecimal(&json("apdu/responses.json")?)))?;
    write(
        "tlv",
        all_hexadecimal(&json("apdu/tlv.json")?).iter().chain(&files("cv-certificates")?),
    )?;
    write("cv_certificate", &files("cv-certificates")?)?;
    write("policy", &scripts(&commands))?;

    let messages = json("wire/messages.json")?;
    write("wire", &elements(&messages))?;
    let pin = json("verify/pin.json")?;
    write("token", [&pin["token"].to_string().into_bytes()])?;
    let presence = json("verify/presence.json")?;
    write("presence_proof", &elements(&presence["proofs"]))?;
    write("card_face", card_face()?)?;
    write("photo", [fs::read(vectors("card-face/hanako-photo.jp2"))?])?;
    write(
        "guard",
        [
            "GET / HTTP/1.1\nhost: 127.0.0.1:27390\norigin: https://portal.example\nupgrade: websocket\n\
         connection: keep-alive, Upgrade\nsec-websocket-version: 13\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nsec-websocket-protocol: kazashi.v1\n",
            "GET /health HTTP/1.1\nhost: localhost:27390\norigin: https://portal.example:8443\n",
            "GET /health HTTP/1.1\nhost: [::1]:27390\n",
            "native\nGET / HTTP/1.1\nhost: localhost\nupgrade: websocket\nconnection: upgrade\n\
         sec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n\
         sec-websocket-protocol: kazashi.v1\n",
            "POST / HTTP/1.1\nhost: evil.example:27390\norigin: null\n",
        ],
    )
}

/// The face of a software card, and a proof of it that lacks the card's signature.
fn card_face() -> io::Result<[Vec<u8>; 2]> {
    let surface = vectors("../emulator/images/normal/card-surface");
    let [file, certificate] =
        [fs::read(surface.join("0002.bin"))?, fs::read(surface.join("0004.bin"))?];
    let record = CardFaceRecord::parse(&file).map_err(io::Error::other)?;
    let proof = serde_json::to_vec(&CardFaceProof::new(&record, &certificate, &[], ""))?;
    Ok([file, proof])
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
        [[0x00, 0xFF], [0x00, 0x00]].map(|granted| [&granted[..], &steps].concat())
    });
    scripts.collect()
}

fn write<S: AsRef<[u8]>>(target: &str, seeds: impl IntoIterator<Item = S>) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}

fn json(name: &str) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(vectors(name))?)?)
}

fn files(folder: &str) -> io::Result<Vec<Vec<u8>>> {
    fs::read_dir(vectors(folder))?.map(|entry| fs::read(entry?.path())).collect()
}

fn vectors(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "vectors", name].iter().collect()
}

/// Every text in it that is bytes in hexadecimal.
fn all_hexadecimal(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::String(text) => hex::decode(text).ok().into_iter().collect(),
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
