//! What happened, in order, for boards that watch.

use std::time::Duration;

use kazashi_server::StoreError;
use sqlx::Executor;

use super::{Portal, number};

/// For how long a board may have been away and still hear of everything.
pub(super) const KEPT: Duration = Duration::from_hours(24);

/// The counter that numbers events.
const COUNTER: &str = "event";

impl Portal {
    /// The number of the last event that is certain: all before it can be read.
    pub(crate) async fn last_event(&self) -> Result<i64, StoreError> {
        let query = "SELECT COALESCE(MAX(value), 0) AS last FROM portal_counter \
                     WHERE name = 'event'";
        number(&self.0.pool().fetch_one(query).await?, "last")
    }
}
