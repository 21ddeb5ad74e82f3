//! The card information input support application (券面事項入力補助AP), card.md 3.2: the four basic
//! attributes (基本4情報) as text, for forms that are filled in by the card.

use std::fmt;

use zeroize::Zeroizing;

use crate::{file, flow::Flow};

/// The application's name.
pub const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];

/// The short identifiers of the elementary files (card.md 3.2). EF 0001, the individual number, is
/// not among them: nothing here reads it.
pub mod ef {
    /// The four basic attributes; readable after the PIN.
    pub const BASIC_ATTRIBUTES: u8 = 0x02;
    /// Signed digests of the individual number and of the basic attributes; readable after the PIN.
    pub const INTEGRITY_RECORD: u8 = 0x03;
    /// Card-verifiable certificate of the key that signed the digests.
    pub const CV_CERTIFICATE: u8 = 0x04;
    /// 券面事項入力補助用暗証番号: the application's PIN, four digits.
    pub const PIN: u8 = 0x11;
}

/// What whoever guards the card reads of the basic attributes. Only the record is for a page.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributesReading {
    /// EF 0002: an [`AttributesRecord`](crate::AttributesRecord).
    pub record: Zeroizing<Vec<u8>>,
    /// EF 0003. It holds a hash of the individual number, from which the digits are found in hours: it
    /// stays with whoever guards the card.
    pub integrity_record: Zeroizing<Vec<u8>>,
    /// EF 0004.
    pub cv_certificate: Vec<u8>,
}

/// Reads the basic attributes and what vouches for them. Run by whoever guards the card, after the
/// PIN was [presented](crate::verification::present); the application is selected.
pub(crate) fn attributes() -> Flow<AttributesReading> {
    Flow::new(async |card| {
        let record = file::read(&card, ef::BASIC_ATTRIBUTES).await?;
        let integrity_record = file::read(&card, ef::INTEGRITY_RECORD).await?;
        let cv_certificate = file::read(&card, ef::CV_CERTIFICATE).await?.to_vec();
        Ok(AttributesReading { record, integrity_record, cv_certificate })
    })
}

impl fmt::Debug for AttributesReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributesReading").finish_non_exhaustive()
    }
}
