use std::io;

use thiserror::Error;

use super::Ef;

/// Reason why an image cannot be read, written or made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which one.
        path: String,
        /// The word of the operating system.
        source: io::Error,
    },
    /// `card.toml` is not TOML, or not of this shape.
    #[error("card.toml: {reason}")]
    CardToml {
        /// The mistake and its place, without the values that stand there.
        reason: String,
    },
    /// The ATR is not 2 to 33 bytes in hexadecimal (ISO/IEC 7816-3:2006, 8.2).
    #[error("card.toml: the ATR is not 2 to 33 bytes in hexadecimal")]
    Atr,
    /// An EF identifier is not four hexadecimal digits from 0001 to 001E.
    #[error("{name}: not the identifier of an elementary file, 0001 to 001E")]
    EfIdentifier {
        /// The name that stands in its place.
        name: String,
    },
    /// A data object is not four hexadecimal digits and bytes in hexadecimal.
    #[error("{tag}: not a data object of four hexadecimal digits and bytes in hexadecimal")]
    DataObject {
        /// The text that stands in place of the tag.
        tag: String,
    },
    /// A record number is not 1 to 254.
    #[error("{path}: not a record from 1 to 254")]
    RecordNumber {
        /// The file.
        path: String,
    },
    /// Two files claim the same identifier.
    #[error("{ef}: two files of this identifier")]
    Twice {
        /// The identifier.
        ef: Ef,
    },
    /// A PIN is not 1 to 16 characters of ASCII.
    #[error("the PIN is not 1 to 16 characters of ASCII")]
    PinValue,
    /// A retry counter is above its maximum, or the maximum is not 1 to 15.
    #[error("the retry counter is above its maximum, or the maximum is not 1 to 15")]
    RetryCounter,
    /// `card.toml`, or a public key that it names, is not there.
    #[error("{path}: no such file in the image")]
    Missing {
        /// The file.
        path: String,
    },
    /// A key file holds no RSA key of 2048 bits: a private one in PKCS #8 PEM, or a public one in
    /// SubjectPublicKeyInfo PEM.
    #[error("{path}: not an RSA key of 2048 bits in PKCS #8 or SubjectPublicKeyInfo PEM")]
    Key {
        /// The file.
        path: String,
    },
}
