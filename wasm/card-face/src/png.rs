//! The images of text: PNG, which the page shows as it is.

/// Real ones have up to 288 × 12 pixels (card.md 3.3).
const MAX_SIDE: u32 = 1024;

/// Whether it begins as a PNG of a reasonable size does (PNG, third edition, 5.2 and 11.2.1): a browser
/// that is handed it as `image/png` takes it for nothing else, and needs little memory for it.
pub(crate) fn is_small(bytes: &[u8]) -> bool {
    let sides = |header: &[u8]| {
        let (width, rest) = header.split_first_chunk()?;
        let (height, _) = rest.split_first_chunk()?;
        Some([u32::from_be_bytes(*width), u32::from_be_bytes(*height)])
    };
    bytes
        .strip_prefix(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR")
        .and_then(sides)
        .is_some_and(|sides| sides.into_iter().all(|side| (1..=MAX_SIDE).contains(&side)))
}
