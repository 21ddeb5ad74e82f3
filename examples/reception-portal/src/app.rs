use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use kazashi_core::terminal::Base64;
use kazashi_server::{
    BridgeError, BridgeKey, PemSigner, Pkcs11Key, Pkcs11Pin, Pkcs11Signer, Store, TerminalDesk,
};
use kazashi_verify::{CvTrust, KeyIdentifier, Trust};
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

impl App {
    pub(crate) async fn open(
        options: &ServeOptions,
        address: &str,
        revocation: Arc<dyn RevocationChecker>,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, Box<dyn Error>> {
        let origin = options.origin.as_deref().unwrap_or(address);
        let keys = Keys::new(&read(&options.pairwise_key)?)?;
        let portal = Portal::connect(&options.database).await?;
        if !portal.claim(&keys.fingerprint).await? {
            return Err("the database was made with another pairwise key".into());
        }
        let store: Arc<dyn Store> = Arc::new(portal.kazashi().clone());
        enrol_bridges(&*store, &options.bridge).await?;
        let (trust, cv_trust, card_authorities) = trust(options)?;
        Ok(Self {
            terminal: terminal(options, store, origin)?,
            origin: origin.to_owned(),
            institution: Institution {
                ja: options.institution_ja.clone(),
                en: options.institution_en.clone(),
            },
            calendar: Calendar::of(&options.time_zone)?,
            trusted_proxies: options.trusted_proxy.clone(),
            happened: watch::Sender::new(portal.last_event().await?),
            portal,
            keys,
            trust,
            cv_trust,
            card_authorities,
            accept_test_hierarchy: options.accept_test_hierarchy,
            revocation,
            terminal_certificates: options
                .terminal_certificate
                .iter()
                .map(|path| Ok(read(path)?.into()))
                .collect::<Result<_, Box<dyn Error>>>()?,
            stopping,
        })
    }

    /// Whether browsers reach this server by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
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

fn trust(options: &ServeOptions) -> Result<(Trust, CvTrust, Vec<CardAuthority>), Box<dyn Error>> {
    let authorities = options.authorities.iter().map(|path| read(path));
    let mut trust = Trust::from_certificates(authorities.collect::<Result<Vec<_>, _>>()?)?;
    let mut cv_trust = CvTrust::pinned();
    let mut card_authorities = Vec::new();
    for root in &options.card_surface_root {
        let (identifier, path) = root.split_once('=').ok_or("a root is IDENTIFIER=FILE")?;
        let key = read(path.as_ref())?;
        cv_trust = cv_trust.with_key(KeyIdentifier::from_hexadecimal(identifier)?, &key)?;
        let public_key = der(&key).ok_or("the key of a root is PEM")?;
        card_authorities.push(CardAuthority { identifier: identifier.to_owned(), public_key });
    }
    if options.accept_test_hierarchy {
        trust = trust.accepting_test_hierarchy();
        cv_trust = cv_trust.accepting_test_hierarchy();
    }
    Ok((trust, cv_trust, card_authorities))
}

/// The one object in a PEM file that was accepted before. Around it there may be text (RFC 7468).
fn der(pem: &[u8]) -> Option<Base64> {
    let lines = str::from_utf8(pem).ok()?.lines().map(str::trim);
    let object = lines.skip_while(|line| !line.starts_with("-----BEGIN ")).skip(1);
    let text: String = object.take_while(|line| !line.starts_with("-----")).collect();
    serde_json::from_value(text.into()).ok()
}

fn terminal(
    options: &ServeOptions,
    store: Arc<dyn Store>,
    origin: &str,
) -> Result<Option<TerminalDesk>, Box<dyn Error>> {
    if let Some(path) = &options.terminal_key {
        return Ok(Some(TerminalDesk::new(store, PemSigner::from_file(path)?, origin)));
    }
    let ServeOptions {
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

fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
