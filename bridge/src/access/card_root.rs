use std::path::PathBuf;
use std::{fs, io};

use kazashi_verify::{CvTrust, KeyIdentifier, VerifyError};
use serde::Deserialize;

/// A key that issues the certificates of the card information input support application, beside those
/// that are pinned: a table `[[card-root]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardRoot {
    /// The name by which certificates call it: 16 bytes, in hexadecimal.
    pub(crate) identifier: String,
    /// The file that holds it: SubjectPublicKeyInfo, PEM or DER.
    #[serde(rename = "key")]
    pub(crate) path: PathBuf,
    #[serde(skip)]
    key: Vec<u8>,
}

impl CardRoot {
    /// Reads the file.
    pub(crate) fn read(&mut self) -> io::Result<()> {
        self.key = fs::read(&self.path)?;
        Ok(())
    }
}

/// Trusts the keys that are pinned, and these, which were read.
pub(crate) fn trust(roots: &[CardRoot]) -> Result<CvTrust, VerifyError> {
    roots.iter().try_fold(CvTrust::pinned_card_information(), |trust, root| {
        trust.with_key(KeyIdentifier::from_hexadecimal(&root.identifier)?, &root.key)
    })
}
