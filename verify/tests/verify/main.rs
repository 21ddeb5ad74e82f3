//! Tokens, presence proofs, records, certificates and authorities, good and bad.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod attributes;
mod card_face;
mod certificate;
mod cv_certificate;
mod digital_signature;
mod enrolment;
mod presence;
mod statement;
mod token;
mod trust;
mod unverified;
mod vector;
