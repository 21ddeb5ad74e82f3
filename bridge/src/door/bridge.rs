use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::access::{Access, Files, Limits};
use crate::door::connection_quota::ConnectionQuota;
use crate::door::identity::Identity;
use crate::door::refusal_log::RefusalLog;
use crate::door::refused_user::RefusedUser;
use crate::pin::{PinEntry, TryGuard};
use crate::reader::{Events, Leases, ReaderIds, Readers, Shared};
use crate::record::DisclosureLog;

/// This program and its version, as `hello` says it.
pub(crate) const VERSION: &str = concat!("kazashi-bridge ", env!("CARGO_PKG_VERSION"));

/// All that connections share.
#[derive(Debug)]
pub(crate) struct Bridge {
    pub(crate) access: Arc<Access>,
    pub(crate) limits: Limits,
    pub(crate) quota: Arc<ConnectionQuota>,
    pub(crate) refusals: RefusalLog,
    /// Where it keeps its state.
    pub(crate) state: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) events: Events,
    pub(crate) leases: Arc<Leases>,
    pub(crate) readers: Arc<Readers>,
    /// Whether PINs are typed on readers' keys.
    pub(crate) keys: bool,
    pub(crate) reader_ids: ReaderIds,
    pub(crate) pin_entry: PinEntry,
    pub(crate) try_guard: TryGuard,
}

impl Bridge {
    /// A bridge by these files, with what it keeps in the state folder, and without a reader.
    pub(crate) fn open(files: Files, state: &Path) -> Result<Self, Box<dyn Error>> {
        let config = files.config.load(files.developer_mode)?;
        let identity = Identity::load_or_create(state)?;
        RefusedUser::forget(state)?;
        let reader_ids = ReaderIds::new(identity.derive("kazashi-reader-ids:1"));
        let access = Arc::new(Access::new(files, state));
        let limits = config.limits;
        let events = Events::new();
        let leases = Arc::new(Leases::new(&limits, events.clone()));
        let log = Arc::new(DisclosureLog::open(state)?);
        let shared = Shared { leases: Arc::clone(&leases), log, apdu_timeout: limits.apdu() };
        let readers = Readers::new(shared, events.clone(), config.reader.preferred);
        let readers = Arc::new(readers);
        let pin_entry = PinEntry::new(config.pinentry, limits.dialog());
        Ok(Self {
            access,
            quota: ConnectionQuota::new(limits.sockets_per_origin, limits.sockets),
            refusals: RefusalLog::default(),
            state: state.to_owned(),
            limits,
            identity,
            events,
            leases,
            readers,
            keys: config.reader.keys,
            reader_ids,
            pin_entry,
            try_guard: TryGuard::new(),
        })
    }
}
