//! The last user of the machine, but its own, whose program the bridge refused: `doctor` shows who the
//! relay belongs to through which somebody comes in vain.

use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sys::private_file;

/// Written by the bridge that runs, in the state folder. A bridge that starts forgets it.
const FILE: &str = "refused-user.json";

/// A user by name or number, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedUser {
    pub(crate) user: String,
    pub(crate) last: String,
}

impl RefusedUser {
    /// The one whom the bridge of this state folder refused, if there was any since it started.
    pub(crate) fn read(state: &Path) -> Option<Self> {
        serde_json::from_str(&private_file::read_to_string(&file(state)).ok()?).ok()
    }

    /// Notes that it was this one, now.
    pub(crate) fn write(state: &Path, user: String) -> io::Result<()> {
        let refused = Self { user, last: format!("{:.0}", Timestamp::now()) };
        private_file::replace(&file(state), &serde_json::to_string(&refused)?)
    }

    pub(crate) fn forget(state: &Path) -> io::Result<()> {
        match fs::remove_file(file(state)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn file(state: &Path) -> PathBuf {
    state.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::RefusedUser;

    #[test]
    fn who_was_refused_is_known_until_the_next_start() {
        let state = tempfile::tempdir().unwrap();
        RefusedUser::forget(state.path()).unwrap();
        assert_eq!(RefusedUser::read(state.path()), None);
        for user in ["nobody", "hana"] {
            RefusedUser::write(state.path(), user.to_owned()).unwrap();
            assert_eq!(RefusedUser::read(state.path()).unwrap().user, user);
        }
        RefusedUser::forget(state.path()).unwrap();
        assert_eq!(RefusedUser::read(state.path()), None);
    }
}
