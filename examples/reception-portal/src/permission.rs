//! Who may do what: the roles, and what each may ask.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Sees who came
    Board,
    /// Receives visitors
    Desk,
    /// Lets in who has a ticket
    Gate,
    /// All three
    Staff,
    /// And sees to accounts, events and the record
    Administrator,
}

use Role::{Administrator, Board, Desk, Gate, Staff};

impl Role {
    pub(crate) const ALL: [Self; 5] = [Board, Desk, Gate, Staff, Administrator];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Board => "board",
            Desk => "desk",
            Gate => "gate",
            Staff => "staff",
            Administrator => "administrator",
        }
    }

    /// Whether it may ask this of the server. Some of it only administrators may, besides: a route
    /// says so itself.
    pub(crate) fn may_ask(self, route: &str) -> bool {
        let found = MAY_ASK.iter().find(|(of, _)| route.starts_with(of));
        found.is_some_and(|(_, roles)| roles.contains(&self))
    }
}

/// What each role may ask, by how routes begin; the first that fits counts.
const MAY_ASK: [(&str, &[Role]); 7] = [
    ("/api/session", &Role::ALL),
    ("/api/nonces", &[Desk, Gate, Staff, Administrator]),
    // A gate asks for the birth date that the card wants to know.
    ("/api/desk/arrivals", &[Desk, Gate, Staff, Administrator]),
    ("/api/desk/", &[Desk, Staff, Administrator]),
    ("/api/gate/", &[Gate, Staff, Administrator]),
    ("/api/board/", &[Board, Staff, Administrator]),
    ("/api/", &[Staff, Administrator]),
];
