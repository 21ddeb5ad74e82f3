use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use kazashi_core::terminal::Base64;
use kazashi_server::TerminalDesk;
use kazashi_verify::{CvKey, CvTrust, Trust};
use serde::Serialize;
use tokio::sync::watch;

use crate::calendar::Calendar;
use crate::keys::Keys;
use crate::options::ServeOptions;
use crate::revocation::RevocationChecker;
use crate::store::Portal;

/// What every request needs.
pub(crate) struct App {
    /// How browsers name this server.
    pub(crate) origin: String,
    pub(crate) institution: Institution,
    pub(crate) calendar: Calendar,
    /// For how many days visits are kept, if not for ever.
    pub(crate) keep_visits: Option<u16>,
    /// Whose word is taken for where a request comes from.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) portal: Portal,
    pub(crate) keys: Keys,
    /// Whose certificates are believed.
    pub(crate) trust: Trust,
    /// Whose card surfaces are believed.
    pub(crate) cv_trust: CvTrust,
    /// The roots of card surfaces besides the pinned ones, for the page.
    pub(crate) card_authorities: Vec<CardAuthority>,
    pub(crate) accept_test_hierarchy: bool,
    pub(crate) revocation: Arc<dyn RevocationChecker>,
    /// Signs for the institution, if this server has its key.
    pub(crate) terminal: Option<TerminalDesk>,
    pub(crate) terminal_certificates: Vec<Base64>,
    /// The number of the last event that this server knows of.
    pub(crate) happened: watch::Sender<i64>,
    /// Becomes `true` when this server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The institution's name.
#[derive(Clone, Serialize)]
pub(crate) struct Institution {
    ja: String,
    en: String,
}

/// A root of card surfaces, as the page takes it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardAuthority {
    identifier: String,
    /// SubjectPublicKeyInfo, DER.
    public_key: Base64,
}

impl From<&CvKey> for CardAuthority {
    fn from(root: &CvKey) -> Self {
        Self { identifier: root.identifier().to_hexadecimal(), public_key: root.to_der().into() }
    }
}

impl App {
    pub(crate) async fn open(
        options: &ServeOptions,
        address: &str,
        revocation: Arc<dyn RevocationChecker>,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, Box<dyn Error>> {
        let origin = options.origin.as_deref().unwrap_or(address);
        let verifier = &options.verifier;
        let path = &options.pairwise_key;
        let pairwise_key =
            fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let keys = Keys::new(&pairwise_key)?;
        let portal = Portal::connect(&options.database).await?;
        if !portal.claim(&keys.fingerprint).await? {
            return Err("the database was made with another pairwise key".into());
        }
        verifier.enrol_bridges(portal.kazashi(), SystemTime::now()).await?;
        let roots = verifier.card_surface_roots()?;
        Ok(Self {
            origin: origin.to_owned(),
            institution: Institution {
                ja: options.institution_ja.clone(),
                en: options.institution_en.clone(),
            },
            calendar: Calendar::of(&options.time_zone)?,
            keep_visits: options.keep_visits,
            trusted_proxies: options.trusted_proxy.clone(),
            happened: watch::Sender::new(portal.last_event().await?),
            terminal: verifier.terminal_desk(Arc::new(portal.kazashi().clone()), origin)?,
            terminal_certificates: verifier.terminal_certificates()?,
            portal,
            keys,
            trust: verifier.trust()?,
            cv_trust: verifier.cv_trust(&roots),
            card_authorities: roots.iter().map(CardAuthority::from).collect(),
            accept_test_hierarchy: verifier.accepts_test_hierarchy(),
            revocation,
            stopping,
        })
    }

    /// Whether browsers reach this server by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}
