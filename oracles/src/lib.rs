//! What must hold whatever a stranger sends. An oracle takes bytes and panics where it does not hold:
//! the targets in `fuzz/` call it with bytes of the fuzzer, the tests here with the seeds of its [`corpora`].
//!
//! It does not only look for panics: it asserts, say, that a command is judged as the bytes that the
//! card gets, or that no origin causes what its scopes do not allow.
#![expect(clippy::indexing_slicing, reason = "an oracle may panic")]

mod apdu;
mod card_face;
mod cv_certificate;
mod photo;
pub mod policy;
mod presence_proof;
mod seeds;
mod tlv;
mod token;
mod vectors;
mod wire;

pub use apdu::apdu;
pub use card_face::card_face;
pub use cv_certificate::cv_certificate;
pub use photo::photo;
pub use policy::policy;
pub use presence_proof::presence_proof;
pub use seeds::{Corpus, corpora};
pub use tlv::tlv;
pub use token::token;
pub use wire::wire;
