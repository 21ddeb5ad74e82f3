//! What the files of an issued card hold (card.md 3).

use super::IssueError;
use crate::Contents;

/// The size of a file for a certificate. Known of EF 0002 only.
const CERTIFICATE_FILE: usize = 1_900;
/// The same of one that has a name and an address in it.
const DIGITAL_SIGNATURE_CERTIFICATE_FILE: usize = 2_000;

/// A certificate in its file.
pub(super) fn certificate(der: &[u8]) -> Result<Contents, IssueError> {
    filled(der, CERTIFICATE_FILE)
}

/// A digital signature certificate in its file; no bytes, if none was issued.
pub(super) fn digital_signature_certificate(der: &[u8]) -> Result<Contents, IssueError> {
    filled(der, DIGITAL_SIGNATURE_CERTIFICATE_FILE)
}

/// A file of this size, filled up with zeros.
fn filled(der: &[u8], size: usize) -> Result<Contents, IssueError> {
    let mut bytes = der.to_vec();
    if bytes.len() > size {
        return Err(IssueError::TooLarge);
    }
    bytes.resize(size, 0x00);
    Ok(Contents::Transparent(bytes))
}

/// Which certificates are there: for digital signatures, for user authentication; the third byte is
/// not known.
pub(super) fn availability(digital_signature: bool) -> Contents {
    let digital_signature = if digital_signature { 0x8F } else { 0x00 };
    Contents::Transparent(vec![digital_signature, 0x8F, 0x00])
}

/// A file of which nothing is known.
pub(super) fn unknown() -> Contents {
    Contents::Transparent(vec![0xFF; 16])
}

/// A `CK_TOKEN_INFO` of PKCS #11, big-endian (card.md 3.1).
pub(super) fn token_information() -> Contents {
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
    Contents::Transparent(info)
}
