/// What the digital signature key is to sign, as the person sees it before consenting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    title: String,
    digest: [u8; 32],
}

impl Document {
    /// A document by its title and its SHA-256 digest.
    #[must_use]
    pub fn new(title: impl Into<String>, digest: [u8; 32]) -> Self {
        Self { title: title.into(), digest }
    }

    /// What the document is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The SHA-256 digest of the document.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}
