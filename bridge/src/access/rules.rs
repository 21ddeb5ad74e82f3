//! The rules of this moment: who may do what, by the administrator's file and after it by what the
//! user approved. Both files are read again while the bridge runs.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kazashi_core::value::{Scope, Scopes};
use kazashi_verify::{CvTrust, VerifyError};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::access::approvals::ApprovalsFile;
use crate::access::card_root;
use crate::access::config::{Config, ConfigFile};
use crate::access::grants::{Grant, Grants};
use crate::access::origin::Origin;
use crate::access::pending::Pending;

/// How often the files are read again, and a grant that ends is noticed.
const INTERVAL: Duration = Duration::from_secs(2);

/// The rules as they are now, and who asked in vain.
#[derive(Debug)]
pub(crate) struct Access {
    files: Files,
    rules: watch::Sender<Rules>,
    pending: Mutex<Pending>,
}

/// The files in which the rules are written.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) config: ConfigFile,
    pub(crate) approvals: ApprovalsFile,
    pub(crate) developer_mode: bool,
}

/// The rules as the files have them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The administrator's file.
    pub config: Config,
    pub(crate) approved: Grants,
    pub(crate) developer_mode: bool,
    /// Why a file was not taken.
    pub(crate) problems: Vec<String>,
}

impl Files {
    /// Reads both files. A file with a mistake grants nothing; and without the administrator's
    /// word, which might restrict it, neither does what the user approved.
    pub(crate) fn read(&self) -> Rules {
        let config = self.config.load(self.developer_mode);
        let approved = match &config {
            Ok(_) => self.approvals.load(),
            Err(_) => Ok(Grants::default()),
        };
        let mut problems = Vec::new();
        Rules {
            config: config.inspect_err(|e| problems.push(e.to_string())).unwrap_or_default(),
            approved: approved.inspect_err(|e| problems.push(e.to_string())).unwrap_or_default(),
            developer_mode: self.developer_mode,
            problems,
        }
    }
}

impl Rules {
    /// The scopes of an origin, if it may do anything.
    pub(crate) fn scopes(&self, origin: &Origin, now: Timestamp) -> Option<&Scopes> {
        let scopes = if *origin == Origin::native() {
            self.config.native_scopes()
        } else {
            &self.grant(origin, now)?.scopes
        };
        let is_raw = scopes.allow(Scope::RawApdu) && !self.developer_mode;
        (!scopes.is_empty() && !is_raw).then_some(scopes)
    }

    /// Whether the person at the machine could allow this origin something, and did not say yet
    /// whether they do.
    pub(crate) fn is_undecided(&self, origin: &Origin, now: Timestamp) -> bool {
        !self.config.grants.list(origin) && self.approved.current(origin, now).is_none()
    }

    /// By whom the attributes on a card must be signed.
    pub(crate) fn card_information_trust(&self) -> Result<CvTrust, VerifyError> {
        let trust = card_root::trust(&self.config.card_roots)?;
        Ok(if self.developer_mode { trust.accepting_test_hierarchy() } else { trust })
    }

    /// An origin that the administrator lists is the administrator's affair alone.
    fn grant(&self, origin: &Origin, now: Timestamp) -> Option<&Grant> {
        let grants =
            if self.config.grants.list(origin) { &self.config.grants } else { &self.approved };
        grants.current(origin, now)
    }

    pub(crate) fn report(&self) {
        for problem in &self.problems {
            error!(problem, "nothing is granted by this file");
        }
    }
}

impl Access {
    pub(crate) fn new(files: Files, state: &Path) -> Self {
        let rules = files.read();
        rules.report();
        let pending = Mutex::new(Pending::load(state));
        Self { files, rules: watch::Sender::new(rules), pending }
    }

    /// The rules as they are now. Not to be held across an `await`.
    pub(crate) fn rules(&self) -> watch::Ref<'_, Rules> {
        self.rules.borrow()
    }

    /// Notes that an origin asked that may do nothing. Says whether that is new.
    pub(crate) fn ask(&self, origin: &Origin, wants: Scopes) -> bool {
        let now = Timestamp::now();
        self.rules().is_undecided(origin, now) && self.lock_pending().ask(origin, wants, now)
    }

    /// Waits until an origin may no longer do just what it was told that it may.
    pub(crate) async fn changed(&self, origin: &Origin, scopes: &Scopes) {
        let mut rules = self.rules.subscribe();
        while rules.borrow_and_update().scopes(origin, Timestamp::now()) == Some(scopes) {
            // The sender lives as long as `self`; time alone may change what they say.
            tokio::select! {
                _ = rules.changed() => {}
                () = sleep(INTERVAL) => {}
            }
        }
    }

    /// Reads the files again and again, for ever.
    pub(crate) async fn keep_current(self: Arc<Self>) -> Infallible {
        loop {
            sleep(INTERVAL).await;
            let access = Arc::clone(&self);
            // A file may lie on a network that does not answer.
            let _ = spawn_blocking(move || access.refresh()).await;
        }
    }

    /// Reads the files again, and writes down who asked.
    pub(crate) fn refresh(&self) {
        let now = Timestamp::now();
        let rules = self.files.read();
        self.lock_pending().retain(|origin| rules.is_undecided(origin, now));
        self.rules.send_if_modified(|current| {
            if *current == rules {
                return false;
            }
            info!("the files that say who may do what have changed");
            rules.report();
            let (before, after) = (&current.config, &rules.config);
            let before = (&before.limits, &before.pinentry, &before.reader);
            if before != (&after.limits, &after.pinentry, &after.reader) {
                warn!(
                    "limits, pinentry and reader are read when the bridge starts: start it again"
                );
            }
            *current = rules;
            true
        });
        if let Err(error) = self.lock_pending().save() {
            warn!(%error, "could not write down which origins asked");
        }
    }

    fn lock_pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use jiff::Timestamp;
    use kazashi_core::value::{Scope, Scopes};
    use tempfile::TempDir;

    use super::{Access, Files, Rules};
    use crate::access::approvals::ApprovalsFile;
    use crate::access::config::ConfigFile;
    use crate::access::origin::Origin;

    const PORTAL: &str = "https://portal.example";

    struct Desk {
        folder: TempDir,
        access: Access,
    }

    impl Desk {
        fn new(config: &str, approvals: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = Files {
                config: ConfigFile::new(Some(folder.path().join("bridge.toml"))),
                approvals: ApprovalsFile::in_folder(folder.path()),
                developer_mode: false,
            };
            fs::write(folder.path().join("bridge.toml"), config).unwrap();
            fs::write(folder.path().join("approvals.toml"), approvals).unwrap();
            let access = Access::new(files, folder.path());
            Self { folder, access }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).unwrap();
            self.access.refresh();
        }

        fn scopes(&self, text: &str) -> Option<Scopes> {
            self.access.rules().scopes(&origin(text), Timestamp::now()).cloned()
        }
    }

    fn origin(text: &str) -> Origin {
        Origin::parse(text, false).unwrap()
    }

    fn grant(origin: &str, more: &str) -> String {
        format!("[[origin]]\norigin = \"{origin}\"\nscopes = [\"events\"]\n{more}\n")
    }

    fn events() -> Option<Scopes> {
        Some(Scopes::from_iter([Scope::Events]))
    }

    #[test]
    fn administrator_and_user_may_both_allow() {
        let desk = Desk::new(&grant(PORTAL, ""), &grant("https://shop.example", ""));
        assert_eq!(desk.scopes(PORTAL), events());
        assert_eq!(desk.scopes("https://shop.example"), events());
        assert_eq!(desk.scopes("https://evil.example"), None);
    }

    #[test]
    fn the_user_cannot_widen_what_the_administrator_decided() {
        let passed = "until = 2020-01-01";
        for listed in
            ["[[origin]]\norigin = \"https://portal.example\"\nscopes = []", &grant(PORTAL, passed)]
        {
            let desk = Desk::new(listed, &grant(PORTAL, ""));
            assert_eq!(desk.scopes(PORTAL), None, "{listed}");
        }
    }

    #[test]
    fn raw_commands_are_approved_in_developer_mode_only() {
        let raw = "[[origin]]\norigin = \"https://shop.example\"\nscopes = [\"raw-apdu\"]";
        let desk = Desk::new("", raw);
        let mut rules = desk.access.rules().clone();
        let allows = |rules: &Rules| {
            rules.scopes(&origin("https://shop.example"), Timestamp::now()).is_some()
        };
        assert!(!allows(&rules));
        rules.developer_mode = true;
        assert!(allows(&rules));
    }

    #[test]
    fn a_grant_ends() {
        let desk = Desk::new(&grant(PORTAL, "until = 2030-01-01T00:00:00Z"), "");
        let rules = desk.access.rules();
        let at = |time: &str| rules.scopes(&origin(PORTAL), time.parse().unwrap()).is_some();
        assert!(at("2029-12-31T23:59:59Z") && !at("2030-01-01T00:00:00Z"));
    }

    #[test]
    fn a_change_of_the_files_holds_at_once() {
        let desk = Desk::new("", "");
        desk.write("bridge.toml", &grant(PORTAL, ""));
        assert_eq!(desk.scopes(PORTAL), events());
        desk.write("bridge.toml", "");
        assert_eq!(desk.scopes(PORTAL), None);
        desk.write("approvals.toml", &grant(PORTAL, ""));
        assert_eq!(desk.scopes(PORTAL), events());
    }

    #[test]
    fn a_broken_file_opens_nothing_up() {
        let desk = Desk::new(&grant(PORTAL, ""), &grant("https://shop.example", ""));
        desk.write("approvals.toml", "[[origin");
        assert_eq!((desk.scopes(PORTAL), desk.scopes("https://shop.example")), (events(), None));
        desk.write("approvals.toml", &grant("https://shop.example", ""));
        desk.write("bridge.toml", "[[origin");
        assert_eq!((desk.scopes(PORTAL), desk.scopes("https://shop.example")), (None, None));
        desk.write("bridge.toml", &grant(PORTAL, ""));
        assert_eq!(
            (desk.scopes(PORTAL), desk.scopes("https://shop.example")),
            (events(), events())
        );
        fs::remove_file(desk.path("bridge.toml")).unwrap();
        desk.access.refresh();
        assert_eq!((desk.scopes(PORTAL), desk.scopes("https://shop.example")), (None, None));
    }

    #[test]
    fn programs_may_do_what_the_administrator_grants_all_of_them() {
        let native = || Origin::native();
        let desk = Desk::new("", "");
        assert_eq!(desk.access.rules().scopes(&native(), Timestamp::now()), None);
        desk.write("bridge.toml", "[native]\nscopes = [\"events\"]");
        assert_eq!(desk.access.rules().scopes(&native(), Timestamp::now()), events().as_ref());
    }

    #[test]
    fn only_an_origin_that_nobody_decided_about_is_pending() {
        let decided = [PORTAL, "https://shop.example"];
        let desk = Desk::new(&grant(PORTAL, "until = 2020-01-01"), &grant(decided[1], ""));
        for text in decided.into_iter().chain(["https://new.example", "https://other.example"]) {
            desk.access.ask(&origin(text), Scopes::default());
        }
        desk.access.refresh();
        let pending = fs::read_to_string(desk.path("pending.json")).unwrap();
        assert!(pending.contains("https://new.example") && pending.contains("https://other"));
        assert!(decided.iter().all(|origin| !pending.contains(origin)), "{pending}");
        desk.write("approvals.toml", &grant("https://new.example", ""));
        let pending = fs::read_to_string(desk.path("pending.json")).unwrap();
        assert!(!pending.contains("https://new.example") && pending.contains("https://other"));
    }
}
