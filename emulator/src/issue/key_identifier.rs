//! The names of this project's own keys. A first digit of 9 is that of neither real hierarchy.

use kazashi_core::value::KeyIdentifier;

/// Certifies those who sign what is on the card surface.
pub const CARD_SURFACE_AUTHORITY: KeyIdentifier = named(b"9000023\x08\x05001\0\0\0\0");
/// Signs what is on the card surface of the cards of one municipality.
pub const CARD_SURFACE_RECORDS: KeyIdentifier = named(b"9322121\x08\x05000\0\0\0\0");
/// Certifies those who sign what the card says of its holder as text.
pub const CARD_INFORMATION_AUTHORITY: KeyIdentifier = named(b"9000033\x08\x05001\0\0\0\0");
/// Signs that for the cards of one municipality.
pub const CARD_INFORMATION_RECORDS: KeyIdentifier = named(b"9322131\x08\x05000\0\0\0\0");
/// Certifies for terminals; cards hold its public half.
pub const TERMINAL_AUTHORITY: KeyIdentifier = named(b"9000073\x08\x050010000");
/// Between the authority and the terminals.
pub const TERMINAL_INTERMEDIATE: KeyIdentifier = named(b"9000074\x08\x050010000");
/// A terminal.
pub const TERMINAL: KeyIdentifier = named(b"9000075\x08\x050010000");

/// Fails to compile for what is no such name.
const fn named(bytes: &[u8; 16]) -> KeyIdentifier {
    match KeyIdentifier::from_bytes(bytes) {
        Ok(identifier) => identifier,
        Err(_) => panic!("a name has digits"),
    }
}
