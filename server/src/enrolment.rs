use async_trait::async_trait;
use serde_json::Value;

use crate::StoreError;

/// Keeps what visitors' enrolments left: JSON that only the application (and `kazashi-verify`)
/// reads. It holds a birth date and perhaps a certificate, so the store is one of personal data.
///
/// What is stored here lets the card in from then on: [`tie`](crate::tie) says before whether a
/// bridge vouches that token and presence proof are of one card.
#[async_trait]
pub trait EnrolmentStore: Send + Sync {
    /// Keeps the enrolment of `subject`, in place of an earlier one. `recognition` is the keyed
    /// hash by which a returning visitor is known before the whole certificate was read, if the
    /// application chose that; no two subjects have the same.
    async fn put_enrolment(
        &self,
        subject: &str,
        recognition: Option<&str>,
        enrolment: &Value,
    ) -> Result<(), StoreError>;

    /// The enrolment of `subject`.
    async fn enrolment_of(&self, subject: &str) -> Result<Option<Value>, StoreError>;

    /// The enrolment with this recognition.
    async fn recognised(&self, recognition: &str) -> Result<Option<Value>, StoreError>;

    /// Forgets `subject`.
    async fn delete_enrolment(&self, subject: &str) -> Result<(), StoreError>;
}
