//! Workstations, by their bridges.

use std::time::SystemTime;

use kazashi_server::{BridgeError, BridgeKey, StoreError, TerminalStore};
use serde::Serialize;

use super::Portal;
use super::audit::Action;
use crate::calendar::rfc_3339;

/// A workstation's bridge.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workstation {
    key: String,
    name: String,
    enrolled_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
}

impl Portal {
    /// All of them, by name.
    pub(crate) async fn workstations(&self) -> Result<Vec<Workstation>, StoreError> {
        let bridges = self.0.bridges().await?.into_iter().map(|bridge| Workstation {
            key: bridge.key.to_string(),
            name: bridge.name,
            enrolled_at: rfc_3339(bridge.enrolled_at),
            withdrawn_at: bridge.revoked_at.map(rfc_3339),
        });
        Ok(bridges.collect())
    }

    /// Withdraws a bridge, for good. The record names its workstation.
    pub(crate) async fn withdraw_bridge(
        &self,
        key: &BridgeKey,
        by: &str,
        now: SystemTime,
    ) -> Result<(), BridgeError> {
        let found = self.0.find_bridge(key).await?.ok_or(BridgeError::NotEnrolled)?;
        self.0.revoke_bridge(key, now).await?;
        if found.revoked_at.is_none() {
            self.audit(by, Action::WorkstationWithdrawn, Some(&found.name), now).await?;
        }
        Ok(())
    }
}
