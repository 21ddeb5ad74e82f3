//! Terminal authentication (特定機関認証), the institution's side: the key that unlocks cards, and
//! who may have it sign.

mod bridge;
mod desk;
mod pem;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod signer;
mod store;

pub use bridge::{Bridge, BridgeError, BridgeKey, MalformedBridgeKey};
pub use desk::{TerminalDesk, TerminalError};
pub use pem::PemSigner;
#[cfg(feature = "pkcs11")]
pub use pkcs11::{Pkcs11Key, Pkcs11Pin, Pkcs11Signer};
pub use signer::{SignerError, TerminalSigner};
pub use store::{Admission, Outcome, RateLimit, Refusal, TerminalRecord, TerminalStore};
