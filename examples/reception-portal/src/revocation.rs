//! Whether a visitor's certificate was revoked: who is asked is the operator's choice.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use kazashi_verify::{Certificate, Revocation};

/// Asks whoever may tell this institution about revocation.
///
/// JPKI answers accredited verifiers and those who have an agreement with one. What is not known is
/// [`Revocation::NotChecked`], with the reason: receipts say so to the visitor, the board to the
/// staff. A [revoked](Revocation::Revoked) certificate receives nobody.
#[async_trait]
pub trait RevocationChecker: fmt::Debug + Send + Sync {
    /// Asks about one certificate. It ends in seconds: a visitor waits.
    async fn check(&self, certificate: &Certificate) -> Revocation;
}

/// Asks nobody, as this project has nobody to ask.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "nobody has no settings")]
pub struct NobodyAsked;

#[async_trait]
impl RevocationChecker for NobodyAsked {
    async fn check(&self, _: &Certificate) -> Revocation {
        Revocation::NotChecked { because: Cow::Borrowed("this server has nobody to ask") }
    }
}
