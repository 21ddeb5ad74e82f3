//! Whether requests should come to this server: found out in the background, so that whoever asks is
//! answered at once.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::app::App;

/// How often it is found out.
const EVERY: Duration = Duration::from_secs(3);

/// How long finding out may take: whoever is slower gives no answer that helps a visitor.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why no request should come here: a code for each reason.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<BTreeSet<&'static str>>);

/// The server was told to stop.
pub(crate) const DRAINING: &str = "draining";
/// No authority is valid any more, so that every card is refused.
const AUTHORITY_EXPIRED: &str = "authority-expired";
/// The database cannot be written.
const DATABASE: &str = "database";
/// What has the institution's key does not answer.
const TERMINAL_SIGNER: &str = "terminal-signer";

impl Readiness {
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        self.lock().iter().copied().collect()
    }

    pub(crate) fn note(&self, reason: &'static str, is_well: bool) {
        let mut reasons = self.lock();
        let is_news = if is_well { reasons.remove(reason) } else { reasons.insert(reason) };
        drop(reasons);
        metrics::gauge!("kazashi_portal_well", "part" => reason).set(f64::from(u8::from(is_well)));
        match (is_news, is_well) {
            (true, true) => info!(reason, "ready again"),
            (true, false) => warn!(reason, "not ready"),
            (false, _) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after all that is needed, for as long as the server runs.
pub(crate) fn watch(app: &Arc<App>) {
    let of = |app: &Arc<App>| Arc::clone(app);
    let (database, trust, terminal) = (of(app), of(app), of(app));
    tokio::spawn(keep_noting(of(app), DATABASE, move || {
        let app = of(&database);
        async move { app.portal.write().await.is_ok() }
    }));
    tokio::spawn(keep_noting(of(app), AUTHORITY_EXPIRED, move || {
        std::future::ready(trust.trust.is_in_force(trust.portal.now()))
    }));
    if app.signer.is_some() {
        tokio::spawn(keep_noting(of(app), TERMINAL_SIGNER, move || {
            let signer = terminal.signer.clone();
            let checked = spawn_blocking(move || signer.is_none_or(|it| it.check().is_ok()));
            async { checked.await.unwrap_or(false) }
        }));
    }
}

async fn keep_noting<F: Future<Output = bool> + Send>(
    app: Arc<App>,
    reason: &'static str,
    check: impl Fn() -> F + Send,
) {
    loop {
        let mut checking = pin!(check());
        let is_well = match timeout(PATIENCE, &mut checking).await {
            Ok(is_well) => is_well,
            Err(_) => {
                app.readiness.note(reason, false);
                // One at a time: those who hang would pile up.
                checking.await
            }
        };
        app.readiness.note(reason, is_well);
        sleep(EVERY).await;
    }
}
