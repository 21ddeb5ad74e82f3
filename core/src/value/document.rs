use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::value::digest_info;
use crate::value::visible_text::is_visible;

/// Document that the digital signature key is to sign, as the person sees it before consenting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    title: String,
    hash: Hash,
    digest: Vec<u8>,
}

/// The hash functions for documents (FIPS 180-4), by the names that Web Crypto gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Hash {
    /// A digest of 32 bytes.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// A digest of 48 bytes.
    #[serde(rename = "SHA-384")]
    Sha384,
    /// A digest of 64 bytes.
    #[serde(rename = "SHA-512")]
    Sha512,
}

/// Why something cannot be shown to a person and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MalformedDocument {
    /// Too long for a dialog, empty, or of characters that a dialog shows otherwise than they are.
    #[error("a title has 1 to {max} visible characters", max = Document::MAX_TITLE)]
    Title,
    /// The digest is not as long as the hash function makes it.
    #[error("the digest has not the length of its hash function")]
    Digest,
}

impl Document {
    /// The longest title, in characters: what every dialog can show.
    pub const MAX_TITLE: usize = 64;

    /// A document by its title and its digest.
    pub fn new(
        title: impl Into<String>,
        hash: Hash,
        digest: impl Into<Vec<u8>>,
    ) -> Result<Self, MalformedDocument> {
        let (title, digest) = (title.into(), digest.into());
        let is_short = (1..=Self::MAX_TITLE).contains(&title.chars().count());
        if !is_short || !is_visible(&title) {
            return Err(MalformedDocument::Title);
        }
        if digest.len() != hash.digest_length() {
            return Err(MalformedDocument::Digest);
        }
        Ok(Self { title, hash, digest })
    }

    /// Title of the document.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How the document was digested.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The digest of the document.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// The bytes that the card pads and signs.
    #[must_use]
    pub fn digest_info(&self) -> Vec<u8> {
        digest_info::of(self.hash, &self.digest)
    }
}

impl Hash {
    /// The name, as Web Crypto and people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn digest_length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Hash, MalformedDocument};

    #[test]
    fn a_title_is_what_a_person_sees() {
        for title in ["賃貸借契約書", "Lease agreement 2026", "a", &"あ".repeat(64)] {
            assert_eq!(Document::new(title, Hash::Sha256, [0; 32]).unwrap().title(), title);
        }
    }

    #[test]
    fn a_title_that_misleads_is_refused() {
        let long = "a".repeat(65);
        let blank = ["\u{3164}", "\u{AD}", "\u{2800}", "\u{FE0F}"];
        let misleading =
            ["", " ", "a\nb", "a\u{202E}b", "a\u{200B}b", "\u{7}", "a\u{2028}b", &long];
        for title in misleading.into_iter().chain(blank) {
            let refused = Document::new(title, Hash::Sha256, [0; 32]);
            assert_eq!(refused, Err(MalformedDocument::Title), "{title:?}");
        }
    }

    #[test]
    fn a_digest_is_as_long_as_its_hash_makes_it() {
        for (hash, length) in [(Hash::Sha256, 32), (Hash::Sha384, 48), (Hash::Sha512, 64)] {
            for wrong in [0, 20, length - 1, length + 1] {
                let refused = Document::new("a", hash, vec![0; wrong]);
                assert_eq!(refused, Err(MalformedDocument::Digest), "{wrong}");
            }
            // RFC 8017, 9.2, note 1: 19 bytes before a digest of either length.
            let document = Document::new("a", hash, vec![7; length]).unwrap();
            assert_eq!(document.digest_info().len(), 19 + length);
        }
    }
}
