//! The textual form of keys and certificates (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The DER in the bytes: they themselves, or the blocks of a PEM text with this label. `None` if
/// there is none, or one cannot be read.
pub(crate) fn decode(bytes: &[u8], label: &str) -> Option<Vec<Vec<u8>>> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return Some(vec![bytes.to_vec()]);
    }
    // Text around the blocks is anybody's, in whichever encoding (RFC 7468, 5.2).
    let text: String = bytes.iter().copied().map(char::from).collect();
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} {label}-----"));
    let blocks = text.split(&begin).skip(1).map(|block| {
        let (base64, _) = block.split_once(&end)?;
        STANDARD.decode(base64.split_ascii_whitespace().collect::<String>()).ok()
    });
    let blocks = blocks.collect::<Option<Vec<_>>>()?;
    (!blocks.is_empty()).then_some(blocks)
}
