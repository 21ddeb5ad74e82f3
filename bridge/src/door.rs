//! Connections: who gets through, and what is answered.

mod bridge;
mod connection;
mod connection_quota;
mod doorstep;
mod entrance;
mod guard;
mod identity;
mod programs;
mod refusal_log;
mod refused_user;
mod server;

pub use guard::{Door, Verdict, guard};

pub(crate) use bridge::{Bridge, VERSION};
pub(crate) use identity::Identity;
pub(crate) use programs::serve_programs;
pub(crate) use refused_user::RefusedUser;
pub(crate) use server::Server;
