use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use kazashi_core::codec::Base64;
use kazashi_server::{TerminalDesk, TerminalSigner, canonical_origin};
use kazashi_verify::{Answer, Certificate, CvKey, CvTrust, Trust};
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use zeroize::Zeroizing;

use crate::calendar::Calendar;
use crate::erasure::Erasure;
use crate::failure::Failure;
use crate::findings::Findings;
use crate::kept::KeepOptions;
use crate::keys::Keys;
use crate::news::News;
use crate::openid::Provider;
use crate::options::ServeOptions;
use crate::password;
use crate::readiness::Readiness;
use crate::revocation::{Revocation, RevocationChecker};
use crate::store::Portal;

/// How much a board may be behind the others before it has to look for itself.
const NEWS: usize = 64;

/// What every request needs.
pub(crate) struct App {
    /// How browsers name this server.
    pub(crate) origin: String,
    pub(crate) institution: Institution,
    pub(crate) calendar: Calendar,
    /// For how long things are kept.
    pub(crate) keep: KeepOptions,
    /// The deletions that are not gone from the files yet.
    pub(crate) erasure: Erasure,
    /// Whose word is taken for where a request comes from.
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) portal: Portal,
    pub(crate) keys: Keys,
    /// Whose certificates are believed.
    pub(crate) trust: Trust,
    /// Whose card surfaces are believed.
    pub(crate) cv_trust: CvTrust,
    /// The roots of card surfaces besides the pinned ones, for the page.
    pub(crate) card_authorities: Vec<CardAuthority>,
    pub(crate) accept_test_hierarchy: bool,
    /// Says who staff is, beside this server's own accounts.
    pub(crate) provider: Option<Provider>,
    pub(crate) revocation: Revocation,
    /// Signs for the institution, if this server has its key.
    pub(crate) terminal: Option<TerminalDesk>,
    /// What it signs with.
    pub(crate) signer: Option<Arc<dyn TerminalSigner>>,
    pub(crate) terminal_certificates: Vec<Base64>,
    /// What happens, for the boards that watch this server.
    pub(crate) news: broadcast::Sender<News>,
    /// Whether requests should come to this server.
    pub(crate) readiness: Readiness,
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
    /// Opens everything that requests need. What is wrong is among the findings; then there is none.
    pub(crate) async fn open(
        options: &ServeOptions,
        address: SocketAddr,
        checker: Arc<dyn RevocationChecker>,
        stopping: watch::Receiver<bool>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let verifier = &options.verifier;
        let origin = findings.note(origin(options, address));
        let calendar = Calendar::of(&options.time_zone);
        let calendar = findings.note(calendar.map_err(|error| format!("--time-zone: {error}")));
        let keys = findings.note(keys(&options.pairwise_key));
        let roots = findings.note(verifier.card_surface_roots());
        let terminal = findings.note(verifier.terminal());
        let database = database(options, keys.as_ref()).await;
        let database = findings.note(database.map_err(|error| format!("--database: {error}")));
        let now = database.as_ref().map_or_else(SystemTime::now, Portal::now);
        let trust = findings.note(verifier.trust(now));
        let (origin, keys, terminal, roots) = (origin?, keys?, terminal?, roots?);
        let provider = findings.note(Provider::open(&options.openid, &origin))?;
        let portal = database?.taking_late(options.keep.late());
        let store = Arc::new(portal.kazashi().clone());
        let (signer, terminal_certificates) = match terminal {
            Some(terminal) => (Some(terminal.signer), terminal.certificates),
            None => (None, Vec::new()),
        };
        Some(Self {
            institution: Institution {
                ja: options.institution_ja.clone(),
                en: options.institution_en.clone(),
            },
            calendar: calendar?,
            keep: options.keep,
            erasure: Erasure::default(),
            trusted_proxies: options.trusted_proxy.clone(),
            news: broadcast::Sender::new(NEWS),
            terminal: signer.clone().map(|signer| TerminalDesk::new(store, signer, &*origin)),
            signer,
            terminal_certificates,
            origin,
            provider,
            revocation: Revocation {
                checker,
                patience: Duration::from_secs(options.revocation_patience.into()),
                accepted: options.accept_unchecked.clone(),
                portal: portal.clone(),
            },
            portal,
            keys,
            trust: trust?,
            cv_trust: verifier.cv_trust(&roots),
            card_authorities: roots.iter().map(CardAuthority::from).collect(),
            accept_test_hierarchy: verifier.accepts_test_hierarchy(),
            readiness: Readiness::default(),
            stopping,
        })
    }

    /// Asks whether a visitor's certificate was revoked.
    pub(crate) async fn check_revocation(
        &self,
        certificate: &Certificate,
    ) -> Result<Answer, Failure> {
        let subject = self.keys.pairwise.subject(certificate);
        self.revocation.ask(certificate, subject).await
    }

    /// What is stored of an account's new password, if it will do for this one.
    pub(crate) async fn hash_password(
        &self,
        password: &str,
        account: &str,
    ) -> Result<String, Failure> {
        let names = [account, &self.institution.ja, &self.institution.en];
        Ok(password::hash(password, &names).await?)
    }

    /// Whether browsers reach this server by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// How browsers name this server: as the option says, or by the address at which it listens.
fn origin(options: &ServeOptions, address: SocketAddr) -> Result<String, String> {
    let scheme = if options.tls_certificate.is_some() { "https" } else { "http" };
    let Some(origin) = &options.origin else {
        let origin = canonical_origin(&format!("{scheme}://{address}"));
        return origin.ok().filter(|_| !address.ip().is_unspecified()).ok_or_else(|| {
            format!("--origin is needed: browsers have no use for a page of {scheme}://{address}")
        });
    };
    match canonical_origin(origin) {
        Ok(origin) if scheme == "https" && origin.starts_with("http:") => {
            Err("--origin begins with https:// where this server speaks TLS".to_owned())
        }
        Ok(origin) => Ok(origin),
        Err(error) => Err(format!("--origin: {error}")),
    }
}

fn keys(path: &Path) -> Result<Keys, String> {
    let bytes = fs::read(path).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| format!("{}: {error}", path.display()))?;
    Keys::new(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

async fn database(options: &ServeOptions, keys: Option<&Keys>) -> Result<Portal, String> {
    let portal = Portal::connect(&options.database).await.map_err(|error| error.to_string())?;
    if let Some(keys) = keys
        && !portal.claim(&keys.fingerprint).await.map_err(|error| error.to_string())?
    {
        return Err("it was made with another pairwise key".to_owned());
    }
    let enrolled = options.verifier.enrol_bridges(portal.kazashi(), portal.now()).await;
    enrolled.map_err(|error| error.to_string())?;
    Ok(portal)
}
