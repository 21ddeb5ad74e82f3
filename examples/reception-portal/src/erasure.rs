//! That what was deleted is gone from the database's files, too: looked after beside the requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{error, warn};
use zeroize::Zeroizing;

use crate::app::App;
use crate::store::deletion::{Deleted, Forgotten};
use crate::store::erasure::Attempt;

/// How soon it is tried again while somebody reads the file.
const AGAIN: Duration = Duration::from_secs(1);

/// How often it is looked after where nobody waits for it.
const USUALLY: Duration = Duration::from_mins(1);

/// What was deleted of somebody, word by word, to look for.
pub(crate) type Words = Vec<Zeroizing<String>>;

/// The deletions that are not gone yet.
#[derive(Default)]
pub(crate) struct Erasure {
    /// What this server knows to look for, by deletion.
    words: Mutex<HashMap<String, Words>>,
    wanted: Notify,
}

impl Erasure {
    /// Has a deletion looked after, now, and says what was deleted.
    pub(crate) fn of(&self, id: &str, Forgotten { deleted, words }: Forgotten) -> Deleted {
        self.words().insert(id.to_owned(), words);
        self.want();
        deleted
    }

    /// Has it looked after now: something was deleted.
    pub(crate) fn want(&self) {
        self.wanted.notify_one();
    }

    fn words(&self) -> MutexGuard<'_, HashMap<String, Words>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that what was deleted is gone, until this server ends: what is left then is seen to by
/// another, or by the next.
pub(crate) async fn look_after(app: Arc<App>) {
    let mut is_overdue = false;
    loop {
        let known = app.erasure.words().clone();
        let now = app.portal.now();
        let pause = match app.portal.erase(&known, now).await {
            Ok(Attempt::Erased(deletions)) => {
                app.erasure.words().retain(|id, _| !deletions.contains(id));
                is_overdue = false;
                USUALLY
            }
            Ok(Attempt::InUse { is_overdue: is_now }) => {
                if is_now && !is_overdue {
                    error!(
                        "another program reads the database: what was deleted stays in its file"
                    );
                }
                is_overdue = is_now;
                AGAIN
            }
            Err(error) => {
                warn!(%error, "could not make sure that what was deleted is gone");
                USUALLY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.erasure.wanted.notified() => {}
        }
    }
}
