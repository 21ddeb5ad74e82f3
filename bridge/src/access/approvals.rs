//! Approvals of the user of this workstation, by `kazashi-bridge origins`.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::access::config::{ConfigError, read_toml};
use crate::access::grants::Grants;
use crate::sys::private_file;

/// The file `approvals.toml` of the state folder. It holds `[[origin]]` tables, as the
/// administrator's file does.
#[derive(Clone, Debug)]
pub(crate) struct ApprovalsFile(PathBuf);

/// The reason why an approval was not written down.
#[derive(Debug, Error)]
pub(crate) enum ApprovalsError {
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("an approval cannot be written as TOML")]
    Inexpressible(#[from] toml::ser::Error),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(default, rename = "origin")]
    grants: Grants,
}

impl ApprovalsFile {
    pub(crate) fn in_folder(state: &Path) -> Self {
        Self(state.join("approvals.toml"))
    }

    /// Reads the file. Without one, nothing is approved.
    pub(crate) fn load(&self) -> Result<Grants, ConfigError> {
        Ok(read_toml::<Contents>(&self.0, private_file::read_to_string)?.unwrap_or_default().grants)
    }

    pub(crate) fn save(&self, grants: Grants) -> Result<(), ApprovalsError> {
        let text = toml::to_string(&Contents { grants })?;
        let folder = self.0.parent().unwrap_or(Path::new("."));
        private_file::create_folder(folder)
            .and_then(|()| private_file::replace(&self.0, &text))
            .map_err(|source| ApprovalsError::Unwritable { path: self.0.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use kazashi_core::value::{Scope, Scopes};

    use super::ApprovalsFile;
    use crate::access::grant_end::now_written;
    use crate::access::grants::{Grant, Grants};
    use crate::access::origin::Origin;

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let file = ApprovalsFile::in_folder(&folder.path().join("state"));
        assert_eq!(file.load().unwrap(), Grants::default());
        let mut grants = Grants::default();
        grants.insert(Grant {
            origin: Origin::parse("https://portal.example", false).unwrap(),
            scopes: Scopes::from_iter([Scope::Events, Scope::Authenticate]),
            until: Some("2030-01-01T00:00:00Z".parse().unwrap()),
            reason: Some("\"quoted\"\n[[origin]]".to_owned()),
            approved_at: now_written(),
        });
        grants.insert(Grant {
            origin: Origin::parse("http://localhost:8080", true).unwrap(),
            scopes: Scopes::default(),
            until: None,
            reason: None,
            approved_at: None,
        });
        file.save(grants.clone()).unwrap();
        assert_eq!(file.load().unwrap(), grants);
    }
}
