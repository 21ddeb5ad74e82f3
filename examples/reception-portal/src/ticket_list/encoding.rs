//! Text as programs save it: UTF-8, UTF-16, and the code page of Japanese Windows.

use encoding_rs::{Encoding, SHIFT_JIS, UTF_16BE, UTF_16LE};

/// Whether a file is no text, but begins as workbooks, documents and web pages do.
pub(super) fn is_workbook(file: &[u8]) -> bool {
    let beginnings: [&[u8]; 4] = [b"PK", b"\xD0\xCF\x11\xE0", b"%PDF", b"<"];
    beginnings.iter().any(|beginning| without_bom(file).starts_with(beginning))
}

/// The text of a file, with each line ended by a line feed. What cannot be read is U+FFFD.
pub(super) fn decode(file: &[u8]) -> String {
    let text = match utf_16(file) {
        Some(encoding) => encoding.decode_with_bom_removal(file).0,
        None => {
            let file = without_bom(file);
            match is_utf_8(file) {
                true => String::from_utf8_lossy(file),
                // As WHATWG has it, with the additions of Windows (CP932).
                false => SHIFT_JIS.decode_without_bom_handling(file).0,
            }
        }
    };
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Without the byte order marks of UTF-8: some programs add one more.
fn without_bom(mut file: &[u8]) -> &[u8] {
    while let Some(rest) = file.strip_prefix(b"\xEF\xBB\xBF") {
        file = rest;
    }
    file
}

/// Which UTF-16 it is, by its byte order mark or by the zeros in its first letters.
fn utf_16(file: &[u8]) -> Option<&'static Encoding> {
    match file {
        [0xFF, 0xFE, ..] | [1..=0x7F, 0, 1..=0x7F, 0, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] | [0, 1..=0x7F, 0, 1..=0x7F, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether what is not ASCII is UTF-8 in any line: then lines that are not are broken ones.
fn is_utf_8(file: &[u8]) -> bool {
    let mut lines =
        file.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_ascii());
    str::from_utf8(file).is_ok() || lines.any(|line| str::from_utf8(line).is_ok())
}
