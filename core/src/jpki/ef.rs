//! The short identifiers of the elementary files; all lie between 01 and 1E (card.md 3.1).

/// Digital signature certificate (署名用電子証明書); readable after its password.
pub const DIGITAL_SIGNATURE_CERTIFICATE: u8 = 0x01;
/// CA certificate for digital signatures.
pub const DIGITAL_SIGNATURE_CA_CERTIFICATE: u8 = 0x02;
/// Token information, a PKCS #11 `CK_TOKEN_INFO`.
pub const TOKEN_INFORMATION: u8 = 0x06;
/// Which certificates are there.
pub const CERTIFICATE_AVAILABILITY: u8 = 0x08;
/// User authentication certificate (利用者証明用電子証明書); readable without a PIN.
pub const USER_AUTHENTICATION_CERTIFICATE: u8 = 0x0A;
/// CA certificate for user authentication.
pub const USER_AUTHENTICATION_CA_CERTIFICATE: u8 = 0x0B;
/// The key that certifies terminals (特定機関認証EF, by name only: card.md 6.1).
pub const TERMINAL_AUTHORITY: u8 = 0x16;
/// User authentication key.
pub const USER_AUTHENTICATION_KEY: u8 = 0x17;
/// Digital signature key.
pub const DIGITAL_SIGNATURE_KEY: u8 = 0x1A;
/// PIN of the user authentication key.
pub const USER_AUTHENTICATION_PIN: u8 = 0x18;
/// Password of the digital signature key.
pub const DIGITAL_SIGNATURE_PASSWORD: u8 = 0x1B;
