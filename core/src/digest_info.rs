/// `DigestInfo ::= SEQUENCE { algorithm, OCTET STRING }` up to the 32 bytes of a SHA-256 digest
/// (RFC 8017, 9.2, note 1).
const SHA_256: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// The DigestInfo of a SHA-256 digest: 51 bytes.
pub(crate) fn sha_256(digest: &[u8; 32]) -> Vec<u8> {
    [&SHA_256[..], digest].concat()
}
