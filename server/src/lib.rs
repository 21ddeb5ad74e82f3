//! The books and guards of a relying party's server, beside `kazashi-verify`, which verifies.
//!
//! - [`NonceStore`]: nonces, each for one session and one [`Method`], taken once even when many
//!   processes race for it.
//! - [`SessionStore`]: sessions, of which only a hash is stored.
//! - [`TerminalDesk`]: signs with the institution's key for terminal authentication (特定機関認証),
//!   for nobody but a desk whose bridge vouches for the card; over a [`TerminalStore`] and a
//!   [`TerminalSigner`].
//! - [`tie`]: whose word it is that one card made several signatures, in one stay on its reader.
//! - [`EnrolmentStore`]: what a visitor's enrolment left, for the next visit.
//!
//! [`Memory`] implements all of these [stores](Store) for one process and tests, and `Database`
//! (features `sqlite` and `postgres`) for many. All state is there, so that a service grows by
//! adding processes behind a balancer. Time comes in as an argument.
//!
//! ```
//! use std::{sync::Arc, time::SystemTime};
//!
//! use kazashi_server::{Memory, Method, NonceError, Role, Store};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store: Arc<dyn Store> = Arc::new(Memory::new()); // or Database::connect(url).await?
//!
//! // A page is opened: its cookie is the session's id.
//! let session = store.create_session(SystemTime::now()).await?;
//!
//! // It asks for a nonce, and comes back with a token over it.
//! let nonce = store.issue_nonce(&session, Method::Pin, SystemTime::now()).await?;
//! store.take_nonce(&session, Method::Pin, nonce.as_str(), SystemTime::now()).await?;
//!
//! // Whatever `kazashi_verify::verify` says now, the nonce is used up.
//! let again = store.take_nonce(&session, Method::Pin, nonce.as_str(), SystemTime::now()).await;
//! assert!(matches!(again, Err(NonceError::NotGood)));
//!
//! // Signed in: another id from here on, so that one planted before is worth nothing.
//! # let subject = String::from("the pairwise identifier");
//! let session =
//!     store.authenticate(&session, &Role::Holder { subject }, SystemTime::now()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A program that verifies reads whom to trust, the bridges and the institution's key from its
//! command line with `VerifierOptions` (feature `options`).
//!
//! # What is left to the application
//!
//! A limit to the sessions and nonces that a stranger may ask for (a proxy in front has it), the
//! login of a desk (then [`authenticate`](SessionStore::authenticate)), and calling
//! [`delete_expired`](Store::delete_expired) now and then.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod database;
mod enrolment;
mod memory;
mod nonce;
#[cfg(feature = "options")]
mod options;
mod secret;
mod session;
mod stay;
mod store;
mod terminal;
#[cfg(feature = "test-support")]
pub mod test_support;

pub use kazashi_core::value::{MalformedStayWord, Method, Nonce, StayName, StayWord};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use database::{Database, Purged};
pub use enrolment::EnrolmentStore;
pub use memory::Memory;
pub use nonce::{LateNonce, NonceError, NonceStore};
#[cfg(feature = "options")]
pub use options::{
    InvalidOrigin, OptionsError, Terminal, VerifierOptions, canonical_origin, known_form,
};
pub use session::{Role, Session, SessionError, SessionId, SessionStore};
pub use stay::{ExpectedStay, ReceivedSignature, StayError, Tie, TieError, tie};
pub use store::{Lifetimes, Store, StoreError};
pub use terminal::{
    Admission, Bridge, BridgeError, BridgeKey, MalformedBridgeKey, Outcome, PemSigner, RateLimit,
    Refusal, SignerError, TerminalDesk, TerminalError, TerminalRecord, TerminalSigner,
    TerminalStore,
};
#[cfg(feature = "pkcs11")]
pub use terminal::{Pkcs11Key, Pkcs11Pin, Pkcs11Signer};
