//! Commands of PIN-less use, written by hand, and what makes them.

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::Card;
use rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

pub(crate) const BODY: [u8; 4] = [0x80, 0xA2, 0x06, 0xC1];
pub(crate) const SIGNATURE: [u8; 4] = [0x80, 0xA2, 0x00, 0xC1];
pub(crate) const EXTERNAL_AUTHENTICATE: [u8; 4] = [0x00, 0x82, 0x00, 0x80];

/// The commands that bring a certificate: its body, its signature.
pub(crate) fn load_commands(certificate: &[u8]) -> [Vec<u8>; 2] {
    let (body, signature) = certificate.split_at(307);
    [command(&BODY, body, None), command(&SIGNATURE, signature, None)]
}

/// What the terminal with this key answers to a challenge.
pub(crate) fn response(key: &RsaPrivateKey, challenge: &[u8], statement: [u8; 32]) -> Vec<u8> {
    let digest = Sha256::digest([challenge, &statement].concat());
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
    [&statement[..], &signature].concat()
}

pub(crate) fn sign_command(p1: u8, p2: u8, statement: [u8; 32]) -> Vec<u8> {
    command(&[0x80, 0x2A, p1, p2], &digest_info(statement), Some(0))
}

pub(crate) fn digest_info(statement: [u8; 32]) -> Vec<u8> {
    [
        &b"\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"[..],
        &statement,
    ]
    .concat()
}

/// In the extended form if the data needs it.
pub(crate) fn command(header: &[u8; 4], data: &[u8], le: Option<u8>) -> Vec<u8> {
    let (high, low) = (u8::try_from(data.len() / 256).unwrap(), data.len().to_le_bytes()[0]);
    match (data.len(), le) {
        (0, _) => [&header[..], &Vec::from_iter(le)].concat(),
        (1..256, _) => [&header[..], &[low], data, &Vec::from_iter(le)].concat(),
        (_, None) => [&header[..], &[0, high, low], data].concat(),
        (_, Some(le)) => [&header[..], &[0, high, low], data, &[0, le]].concat(),
    }
}

pub(crate) fn send(card: &mut Card, command: &[u8]) -> StatusWord {
    let response = card.transmit(command, &mut OsRng);
    StatusWord(u16::from_be_bytes(*response.last_chunk().unwrap()))
}
