//! The normal card.

use std::collections::BTreeMap;

use kazashi_emulator::{Application, Contents, Ef, Image, Pin, PrivateKey, Variant};

use crate::Result;

pub(crate) fn normal(
    certificates: &BTreeMap<&str, Vec<u8>>,
    pem: impl Fn(&str) -> Result<String>,
) -> Result<Image> {
    let certificate = |name: &str, size| {
        let der = certificates.get(name).ok_or("there is no such certificate")?;
        filled(der, size)
    };
    let key = |name: &str| -> Result<Contents> {
        let key = PrivateKey::from_pkcs8_pem(format!("keys/{name}"), &pem(name)?)?;
        Ok(Contents::PrivateKey(key))
    };
    let ef = |id| Ef { application: Application::Jpki, id };

    Ok(Image::empty(Variant::Normal)
        .with(ef(0x0001), certificate("digital-signature.der", 2_000)?)
        .with(ef(0x0002), certificate("digital-signature-ca.der", 1_900)?)
        .with(ef(0x0006), Contents::Transparent(token_information()))
        .with(ef(0x0008), Contents::Transparent(vec![0x8F, 0x8F, 0x00]))
        .with(ef(0x0009), Contents::Transparent(vec![0xFF; 16]))
        .with(ef(0x000A), certificate("user-authentication.der", 1_900)?)
        .with(ef(0x000B), certificate("user-authentication-ca.der", 1_900)?)
        .with(ef(0x0017), key("user-authentication.pem")?)
        .with(ef(0x0018), Contents::Pin(Pin::new("1234", 3)?))
        .with(ef(0x001A), key("digital-signature.pem")?)
        .with(ef(0x001B), Contents::Pin(Pin::new("ABC123", 5)?)))
}

/// An EF of this size, filled up behind the certificate with zeros. Of the sizes only that of EF
/// 0002 is known.
fn filled(der: &[u8], size: usize) -> Result<Contents> {
    let mut bytes = der.to_vec();
    if bytes.len() > size {
        return Err("the certificate is larger than its file".into());
    }
    bytes.resize(size, 0x00);
    Ok(Contents::Transparent(bytes))
}

/// A `CK_TOKEN_INFO` of PKCS #11, big-endian (card.md 3.1).
fn token_information() -> Vec<u8> {
    let mut info = Vec::new();
    info.extend_from_slice(format!("{:<32}", "JPKIAPICCTOKEN2").as_bytes());
    // The manufacturer, model and serial number of real cards are not public.
    info.extend_from_slice(format!("{:<32}", "KAZASHI EMULATOR").as_bytes());
    info.extend_from_slice(&[b' '; 16]);
    info.extend_from_slice(&[b' '; 16]);
    // Flags; the most sessions and those open, twice; the longest PIN and the shortest.
    for number in [0x0000_040D_u32, 1, 0, 1, 0, 16, 6] {
        info.extend_from_slice(&number.to_be_bytes());
    }
    // Nothing is said of the memory.
    info.extend_from_slice(&[0xFF; 16]);
    info.extend_from_slice(b"03"); // hardware
    info.extend_from_slice(b"01"); // firmware
    info.extend_from_slice(&[b'9'; 16]); // no clock
    info
}
