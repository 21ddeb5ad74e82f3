use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kazashi_core::codec::Base64;
use kazashi_server::{Database, Memory, Store, Terminal, TerminalDesk};
use kazashi_verify::{CvTrust, PairwiseKey, Trust};
use rand_core::{OsRng, RngCore};

use crate::options::Options;
use crate::rate_limit::RateLimit;

/// What every request needs.
pub(crate) struct App {
    /// How browsers name this server.
    pub(crate) origin: String,
    pub(crate) store: Arc<dyn Store>,
    /// Whose certificates are believed.
    pub(crate) trust: Trust,
    /// Whose card surfaces are believed.
    pub(crate) cv_trust: CvTrust,
    /// Gives each person a subject that means nothing to others.
    pub(crate) pairwise_key: PairwiseKey,
    /// Signs for the institution, if this server has its key.
    pub(crate) terminal: Option<TerminalDesk>,
    pub(crate) terminal_certificates: Vec<Base64>,
    pub(crate) desk_password: Option<String>,
    /// How often a password of the desk may be tried, by all who try.
    pub(crate) password_limit: RateLimit,
    /// How often a desk may ask for a birth date.
    pub(crate) birth_date_limit: RateLimit,
}

impl App {
    pub(crate) async fn open(options: &Options, address: &str) -> Result<Self, Box<dyn Error>> {
        let origin = options.origin.as_deref().unwrap_or(address);
        let store: Arc<dyn Store> = match &options.database {
            Some(url) => Arc::new(Database::connect(url).await?),
            None => Arc::new(Memory::new()),
        };
        let verifier = &options.verifier;
        verifier.enrol_bridges(&*store, SystemTime::now()).await?;
        let terminal = verifier.terminal()?;
        let desk = |terminal: &Terminal| {
            let signer = Arc::clone(&terminal.signer);
            TerminalDesk::new(Arc::<dyn Store>::clone(&store), signer, origin)
        };
        Ok(Self {
            origin: origin.to_owned(),
            trust: verifier.trust(SystemTime::now())?,
            cv_trust: verifier.cv_trust(&verifier.card_surface_roots()?),
            pairwise_key: pairwise_key(options.pairwise_key.as_deref())?,
            terminal: terminal.as_ref().map(desk),
            terminal_certificates: terminal.map(|it| it.certificates).unwrap_or_default(),
            store,
            desk_password: options.desk_password.clone(),
            password_limit: RateLimit::new(5, Duration::from_secs(10)),
            birth_date_limit: RateLimit::new(10, Duration::from_secs(6)),
        })
    }
}

fn pairwise_key(path: Option<&Path>) -> Result<PairwiseKey, Box<dyn Error>> {
    let bytes = match path {
        Some(path) => fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => {
            let mut bytes = vec![0; 32];
            OsRng.fill_bytes(&mut bytes);
            bytes
        }
    };
    Ok(PairwiseKey::new(&bytes)?)
}
