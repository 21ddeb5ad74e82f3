//! What boards are told: read from the database once, however many watch.

use std::sync::Arc;
use std::time::Duration;

use kazashi_server::StoreError;
use tracing::warn;

use crate::app::App;
use crate::store::Portal;

/// How often it is looked for what happened, at whichever server of the database.
const EVERY: Duration = Duration::from_millis(500);

/// Something for all boards.
#[derive(Clone)]
pub(crate) enum News {
    Told(Arc<Told>),
    /// More may have happened than was told: each board looks for itself.
    Look,
}

/// An event, as it is told.
pub(crate) struct Told {
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    /// JSON.
    pub(crate) data: String,
}

/// What happened after the event with this number, a hundred at most.
pub(crate) async fn after(portal: &Portal, sequence: i64) -> Result<Vec<Told>, StoreError> {
    let mut told = Vec::new();
    for event in portal.events_after(sequence).await? {
        let data = portal.told(&event).await?.to_string();
        told.push(Told { sequence: event.sequence, kind: event.kind, data });
    }
    Ok(told)
}

/// Tells the boards of this server what happens, for as long as it runs.
pub(crate) async fn tell(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    // The number of the last event that was told; nothing, while nobody listens.
    let mut last = None;
    loop {
        ticks.tick().await;
        if app.news.receiver_count() == 0 {
            last = None;
            continue;
        }
        let told = match last {
            Some(last) => after(&app.portal, last).await,
            None => app.portal.last_event().await.map(|newest| {
                last = Some(newest);
                let _ = app.news.send(News::Look);
                Vec::new()
            }),
        };
        match told {
            Ok(told) => {
                for told in told {
                    last = Some(told.sequence);
                    let _ = app.news.send(News::Told(Arc::new(told)));
                }
            }
            Err(error) => warn!(%error, "could not look for what happened"),
        }
    }
}
