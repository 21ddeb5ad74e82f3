//! Access: who may do what.

mod approvals;
mod card_root;
mod config;
mod grant_end;
mod grants;
mod limits;
mod origin;
mod pending;
mod rules;

pub use config::Config;
pub use origin::Origin;
pub use rules::Rules;

pub(crate) use approvals::ApprovalsFile;
pub(crate) use config::{ConfigError, ConfigFile};
pub(crate) use grant_end::{GrantEnd, now_written};
pub(crate) use grants::Grant;
pub(crate) use limits::{Limits, is_deeper_than};
pub(crate) use origin::InvalidOrigin;
pub(crate) use pending::{Asked, Pending};
pub(crate) use rules::{Access, Files};
