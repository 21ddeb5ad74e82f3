use std::collections::BTreeMap;

use jiff::Timestamp;
use kazashi_core::value::Scopes;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::value::Datetime;

use crate::access::grant_end::GrantEnd;
use crate::access::origin::Origin;

/// Grants of one file, by origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Grant>", into = "Vec<Grant>")]
pub(crate) struct Grants(BTreeMap<Origin, Grant>);

/// Scopes of one origin: a table `[[origin]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Grant {
    pub(crate) origin: Origin,
    pub(crate) scopes: Scopes,
    /// Without it, the grant has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<GrantEnd>,
    /// For whoever reads the file later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approved_at: Option<Datetime>,
}

/// Two tables for one origin: which of them is meant?
#[derive(Debug, Error)]
#[error("{0} is listed twice")]
pub(crate) struct Twice(Origin);

impl Grants {
    /// Whether the file says anything of this origin, be it that it may do nothing, or no longer.
    pub(crate) fn list(&self, origin: &Origin) -> bool {
        self.0.contains_key(origin)
    }

    /// The grant that this origin has now.
    pub(crate) fn current(&self, origin: &Origin, now: Timestamp) -> Option<&Grant> {
        self.0.get(origin).filter(|grant| !grant.until.is_some_and(|until| until.has_passed(now)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.values()
    }

    /// Adds a grant, in place of the one for the same origin.
    pub(crate) fn insert(&mut self, grant: Grant) {
        self.0.insert(grant.origin.clone(), grant);
    }

    /// Takes a grant away. Says whether there was one.
    pub(crate) fn remove(&mut self, origin: &Origin) -> bool {
        self.0.remove(origin).is_some()
    }
}

impl TryFrom<Vec<Grant>> for Grants {
    type Error = Twice;

    fn try_from(grants: Vec<Grant>) -> Result<Self, Twice> {
        let mut by_origin = BTreeMap::new();
        for grant in grants {
            if let Some(before) = by_origin.insert(grant.origin.clone(), grant) {
                return Err(Twice(before.origin));
            }
        }
        Ok(Self(by_origin))
    }
}

impl From<Grants> for Vec<Grant> {
    fn from(grants: Grants) -> Self {
        grants.0.into_values().collect()
    }
}
