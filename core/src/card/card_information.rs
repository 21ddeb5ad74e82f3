//! The card information input support application (券面事項入力補助AP), card.md 3.2: the four basic
//! attributes (基本4情報) as text, for forms that are filled in by the card.

use std::fmt;

use zeroize::Zeroizing;

use crate::flow::{Flow, file};
use crate::value::layout;

mod attributes_record;

pub use attributes_record::AttributesRecord;

/// Basic attributes as whoever guards the card reads them. Only the record is for a page.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributesReading {
    /// EF 0002: an [`AttributesRecord`].
    pub record: Zeroizing<Vec<u8>>,
    /// EF 0003. It holds a hash of the individual number, from which the digits are found in hours: it
    /// stays with whoever guards the card.
    pub integrity_record: Zeroizing<Vec<u8>>,
    /// EF 0004.
    pub cv_certificate: Vec<u8>,
}

/// Reads the basic attributes and what vouches for them. Run by whoever guards the card, after the
/// PIN was [presented](crate::guard::verification::present); the application is selected.
pub(crate) fn attributes() -> Flow<AttributesReading> {
    Flow::new(async |card| {
        let record = file::read(&card, layout::card_information::BASIC_ATTRIBUTES).await?;
        let integrity_record =
            file::read(&card, layout::card_information::INTEGRITY_RECORD).await?;
        let cv_certificate =
            file::read(&card, layout::card_information::CV_CERTIFICATE).await?.to_vec();
        Ok(AttributesReading { record, integrity_record, cv_certificate })
    })
}

impl fmt::Debug for AttributesReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributesReading").finish_non_exhaustive()
    }
}
