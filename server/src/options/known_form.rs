//! Files as people have them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a file is that was no certificate or key, where that can be told, with the way out: to be
/// said after the file's name.
#[must_use]
pub fn known_form(bytes: &[u8]) -> Option<&'static str> {
    if bytes.trim_ascii().is_empty() {
        return Some("is empty");
    }
    if is_utf_16(bytes) {
        return Some("is UTF-16, as PowerShell writes with `>`: save it as UTF-8");
    }
    if let [0x30, ..] = bytes {
        return known_der(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let has = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
    Some(match text {
        _ if has("PKCS7") || has("CMS") => PKCS_7,
        _ if has("TRUSTED CERTIFICATE") => {
            "is a TRUSTED CERTIFICATE of OpenSSL: `openssl x509` without `-trustout` makes a plain one"
        }
        _ if has("CERTIFICATE REQUEST") || has("NEW CERTIFICATE REQUEST") => {
            "is a request for a certificate, not the certificate"
        }
        _ if has("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") => {
            "is a private key with a password: `openssl pkcs8 -topk8 -nocrypt` takes it off"
        }
        _ if has("RSA PRIVATE KEY") => {
            "is a private key of PKCS#1: `openssl pkcs8 -topk8 -nocrypt` makes PKCS#8 of it"
        }
        _ if text.matches("-----BEGIN ").count() != text.matches("-----END ").count() => {
            "is PEM that was cut off"
        }
        _ if text.contains("-----BEGIN ") => "is PEM of something else, or not whole",
        _ if text.starts_with('<') => "is a web page: download the file that it points to",
        _ if is_base64_of_der(text) => {
            "is base64 alone, without its lines -----BEGIN …----- and -----END …-----"
        }
        _ => return None,
    })
}

const PKCS_7: &str = "is PKCS#7 (p7b): `openssl pkcs7 -print_certs` makes PEM of it";

/// The content type of signed data (RFC 5652, 5.1), as a p7b begins.
const SIGNED_DATA: [u8; 11] = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];

/// The version of PKCS#12 (RFC 7292, 4), and the sequence after it.
const PKCS_12: [u8; 4] = [2, 1, 3, 0x30];

fn known_der(bytes: &[u8]) -> Option<&'static str> {
    let begins_with = |part: &[u8]| bytes.windows(part.len()).take(8).any(|bytes| bytes == part);
    if begins_with(&SIGNED_DATA) {
        return Some(PKCS_7);
    }
    if begins_with(&PKCS_12) {
        return Some("is PKCS#12 (p12, pfx): `openssl pkcs12 -nodes` makes PEM of it");
    }
    match bytes.len().cmp(&der_length(bytes)?) {
        std::cmp::Ordering::Greater => Some("is DER with something after its end"),
        std::cmp::Ordering::Less => Some("is DER that was cut off"),
        std::cmp::Ordering::Equal => None,
    }
}

/// The length of the element that the bytes begin with, with its header (X.690, 8.1.3).
fn der_length(bytes: &[u8]) -> Option<usize> {
    let length = usize::from(*bytes.get(1)?);
    if length < 0x80 {
        return Some(2 + length);
    }
    let digits = bytes.get(2..2 + length - 0x80).filter(|digits| digits.len() <= 4)?;
    let content = digits.iter().fold(0_usize, |content, digit| content << 8 | usize::from(*digit));
    content.checked_add(2 + digits.len())
}

fn is_utf_16(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        [first, 0, second, 0, ..] | [0, first, 0, second, ..] => {
            first.is_ascii_graphic() && second.is_ascii_graphic()
        }
        _ => false,
    }
}

fn is_base64_of_der(text: &str) -> bool {
    let base64: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(base64).is_ok_and(|bytes| bytes.first() == Some(&0x30))
}
