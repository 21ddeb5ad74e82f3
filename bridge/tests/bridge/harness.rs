//! One of each that the tests need: a bridge, the pages before it, the program into which a person
//! types, pcscd and the cards in its readers, and a way to wait.

#[cfg(target_os = "linux")]
mod apart;
mod bridge;
mod page;
#[cfg(target_os = "linux")]
mod pcscd;
mod pinentry;
#[cfg(target_os = "linux")]
mod process;
mod turn;
mod wait;

#[cfg(target_os = "linux")]
pub(crate) use apart::{alone, apart, can_become_others};
pub(crate) use bridge::{
    Bridge, DIALOG, HOLDER, ORIGIN, PINLESS, PRESENCE, PROGRAM, SIGN, folder_with, grant, stdout,
};
pub(crate) use page::{
    COUNTER, NONCE, Page, READ_AGE_RECORD, READ_CERTIFICATE, SELECT, SELECT_CARD_SURFACE, upgrade,
    vectors,
};
#[cfg(target_os = "linux")]
pub(crate) use pcscd::{
    InsertedCard, Pcscd, READERS, Reader, build, selects_card_manager, signatures_without_a_pin,
};
#[cfg(target_os = "linux")]
pub(crate) use process::{Figures, Sampler};
pub(crate) use wait::{wait_for, wait_until};
