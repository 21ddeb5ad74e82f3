use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kazashi_core::terminal::Base64;
use kazashi_server::{
    BridgeError, BridgeKey, Database, Memory, PemSigner, Pkcs11Key, Pkcs11Pin, Pkcs11Signer, Store,
    TerminalDesk,
};
use kazashi_verify::{CvTrust, KeyIdentifier, PairwiseKey, Trust};
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
        enrol_bridges(&*store, &options.bridge).await?;
        let (trust, cv_trust) = trust(options)?;
        Ok(Self {
            terminal: terminal(options, &store, origin)?,
            origin: origin.to_owned(),
            store,
            trust,
            cv_trust,
            pairwise_key: pairwise_key(options.pairwise_key.as_deref())?,
            terminal_certificates: options
                .terminal_certificate
                .iter()
                .map(|path| Ok(read(path)?.into()))
                .collect::<Result<_, Box<dyn Error>>>()?,
            desk_password: options.desk_password.clone(),
            password_limit: RateLimit::new(5, Duration::from_secs(10)),
            birth_date_limit: RateLimit::new(10, Duration::from_secs(6)),
        })
    }
}

async fn enrol_bridges(store: &dyn Store, bridges: &[String]) -> Result<(), Box<dyn Error>> {
    for bridge in bridges {
        let (name, key) = bridge.split_once('=').ok_or("a bridge is NAME=KEY")?;
        match store.enrol_bridge(name, &BridgeKey::parse(key)?, SystemTime::now()).await {
            Err(BridgeError::KnownAlready) => {}
            enrolled => enrolled?,
        }
    }
    Ok(())
}

fn trust(options: &Options) -> Result<(Trust, CvTrust), Box<dyn Error>> {
    let authorities = options.authorities.iter().map(|path| read(path));
    let mut trust = Trust::from_certificates(authorities.collect::<Result<Vec<_>, _>>()?)?;
    let mut cv_trust = CvTrust::pinned();
    for root in &options.card_surface_root {
        let (identifier, path) = root.split_once('=').ok_or("a root is IDENTIFIER=FILE")?;
        let identifier = KeyIdentifier::from_hexadecimal(identifier)?;
        cv_trust = cv_trust.with_key(identifier, &read(path.as_ref())?)?;
    }
    if options.accept_test_hierarchy {
        trust = trust.accepting_test_hierarchy();
        cv_trust = cv_trust.accepting_test_hierarchy();
    }
    Ok((trust, cv_trust))
}

fn terminal(
    options: &Options,
    store: &Arc<dyn Store>,
    origin: &str,
) -> Result<Option<TerminalDesk>, Box<dyn Error>> {
    let store = Arc::clone(store);
    if let Some(path) = &options.terminal_key {
        return Ok(Some(TerminalDesk::new(store, PemSigner::from_file(path)?, origin)));
    }
    let Options {
        pkcs11_module: Some(module),
        pkcs11_token: Some(token),
        pkcs11_key: Some(key),
        ..
    } = options
    else {
        return Ok(None);
    };
    let signer = Pkcs11Signer::open(Pkcs11Key {
        module: module.clone(),
        token: token.clone(),
        key: key.clone(),
        pin: Pkcs11Pin::Environment("KAZASHI_PKCS11_PIN".into()),
    })?;
    Ok(Some(TerminalDesk::new(store, signer, origin)))
}

fn pairwise_key(path: Option<&Path>) -> Result<PairwiseKey, Box<dyn Error>> {
    let bytes = match path {
        Some(path) => read(path)?,
        None => {
            let mut bytes = vec![0; 32];
            OsRng.fill_bytes(&mut bytes);
            bytes
        }
    };
    Ok(PairwiseKey::new(&bytes)?)
}

fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
