//! Origins that asked and that nobody decided about: what the person at the machine can allow, in
//! their own time. A page that asks again and again changes a number and nothing more.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kazashi_core::value::Scopes;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::access::origin::Origin;
use crate::sys::private_file;

/// So many are kept. Of the site with the most of them, the one that asked longest ago is forgotten
/// first: whoever has names without end, below one of their own, pushes out nobody else's.
const MAX_ORIGINS: usize = 32;

/// The file `pending.json` of the state folder, written by the bridge that runs.
#[derive(Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    asked: BTreeMap<Origin, Asked>,
    is_saved: bool,
}

/// The questions of an origin: how many, when, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) times: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// What it said, the last time, that it wants. Empty if it did not say.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub(crate) wants: Scopes,
}

impl Pending {
    /// Goes on with what was written before. A file that cannot be read is begun anew: it grants
    /// nothing.
    pub(crate) fn load(state: &Path) -> Self {
        let path = state.join("pending.json");
        let asked = match private_file::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                warn!(path = %path.display(), %error, "could not be read, and is begun anew");
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        Self { path, asked, is_saved: true }
    }

    /// Writes down, in memory, that an origin asked. Says whether it was not there before.
    pub(crate) fn ask(&mut self, origin: &Origin, wants: Scopes, now: Timestamp) -> bool {
        self.is_saved = false;
        if let Some(asked) = self.asked.get_mut(origin) {
            asked.times = asked.times.saturating_add(1);
            asked.last = now;
            asked.wants = wants;
            return false;
        }
        while self.asked.len() >= MAX_ORIGINS
            && let Some(least) = self.least()
        {
            self.asked.remove(&least);
        }
        self.asked.insert(origin.clone(), Asked { times: 1, first: now, last: now, wants });
        true
    }

    /// Forgets those about which somebody decided.
    pub(crate) fn retain(&mut self, is_undecided: impl Fn(&Origin) -> bool) {
        let before = self.asked.len();
        self.asked.retain(|origin, _| is_undecided(origin));
        self.is_saved &= self.asked.len() == before;
    }

    /// Writes the file, if it would say something new.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        if !self.is_saved {
            private_file::replace(&self.path, &serde_json::to_string_pretty(&self.asked)?)?;
            self.is_saved = true;
        }
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Origin, &Asked)> {
        self.asked.iter()
    }

    /// The one that is forgotten first.
    fn least(&self) -> Option<Origin> {
        let mut of_site = BTreeMap::<_, usize>::new();
        for origin in self.asked.keys() {
            *of_site.entry(origin.site()).or_default() += 1;
        }
        let rank = |(origin, asked): &(&Origin, &Asked)| {
            (of_site.get(origin.site()).copied().map(Reverse), asked.last)
        };
        self.asked.iter().min_by_key(rank).map(|(origin, _)| origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kazashi_core::value::{Scope, Scopes};

    use super::{MAX_ORIGINS, Pending};
    use crate::access::origin::Origin;

    fn origin(number: usize) -> Origin {
        Origin::parse(&format!("https://{number}.example"), false).unwrap()
    }

    #[test]
    fn an_origin_is_counted_and_remembered() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let (first, last) = (Timestamp::UNIX_EPOCH, Timestamp::now());
        let wants = Scopes::from_iter([Scope::Events]);
        pending.ask(&origin(1), Scopes::default(), first);
        pending.ask(&origin(1), wants.clone(), last);
        pending.save().unwrap();
        let pending = Pending::load(state.path());
        let (_, asked) = pending.iter().next().unwrap();
        assert_eq!(asked.times, 2);
        assert_eq!((asked.first, asked.last), (first, last));
        assert_eq!(asked.wants, wants);
    }

    #[test]
    fn a_file_of_before_pages_said_what_they_want_is_read() {
        let state = tempfile::tempdir().unwrap();
        let text = r#"{ "https://1.example": {
            "times": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-01-02T00:00:00Z" } }"#;
        std::fs::write(state.path().join("pending.json"), text).unwrap();
        let pending = Pending::load(state.path());
        let (_, asked) = pending.iter().next().unwrap();
        assert_eq!((asked.times, asked.wants.is_empty()), (2, true));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let mut now = Timestamp::UNIX_EPOCH;
        for number in 0..1000 {
            now += SignedDuration::from_millis(1);
            pending.ask(&origin(number), Scopes::default(), now);
            pending.ask(&origin(0), Scopes::default(), now);
        }
        assert_eq!(pending.iter().count(), MAX_ORIGINS);
        for kept in [0, 999, 1000 - (MAX_ORIGINS - 1)] {
            assert!(pending.iter().any(|(pending, _)| *pending == origin(kept)), "{kept}");
        }
    }

    #[test]
    fn names_without_end_below_one_push_out_nobody_else_s() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let mut now = Timestamp::UNIX_EPOCH;
        let origin = |text: &str| Origin::parse(text, false).unwrap();
        let others = ["https://shop.example", "https://portal.city.lg.jp", "https://192.0.2.1"];
        for other in others {
            pending.ask(&origin(other), Scopes::default(), now);
        }
        for number in 0..1000 {
            now += SignedDuration::from_millis(1);
            pending.ask(
                &origin(&format!("https://h{number}.x.evil.example")),
                Scopes::default(),
                now,
            );
            pending.ask(&origin(&format!("https://h{number}.evil.co.jp")), Scopes::default(), now);
        }
        for other in others {
            assert!(pending.iter().any(|(pending, _)| *pending == origin(other)), "{other}");
        }
    }

    #[test]
    fn the_file_is_written_only_for_something_new() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let path = state.path().join("pending.json");
        pending.save().unwrap();
        assert!(!path.exists());
        pending.ask(&origin(1), Scopes::default(), Timestamp::now());
        pending.save().unwrap();
        std::fs::remove_file(&path).unwrap();
        pending.retain(|_| true);
        pending.save().unwrap();
        assert!(!path.exists());
        pending.retain(|_| false);
        pending.save().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
    }

    #[test]
    fn a_damaged_file_is_begun_anew() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("pending.json"), "[").unwrap();
        assert_eq!(Pending::load(state.path()).iter().count(), 0);
    }
}
