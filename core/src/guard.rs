//! Guard of the card: whoever runs it decides what a page may do, and when.

pub mod desk;
pub mod policy;
pub mod session;
pub mod stay_memory;
pub mod try_guard;
pub mod verification;
