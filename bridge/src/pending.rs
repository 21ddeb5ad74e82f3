//! Origins that asked and that nobody decided about: what the person at the machine can allow, in
//! their own time. A page that asks again and again changes a number and nothing more.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::{origin::Origin, private_file};

/// So many are kept: the ones that asked last.
const MAX_ORIGINS: usize = 32;

/// The file `pending.json` of the state folder, written by the bridge that runs.
#[derive(Debug)]
pub(crate) struct Pending {
    path: PathBuf,
    asked: BTreeMap<Origin, Asked>,
    is_saved: bool,
}

/// How often an origin asked, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) times: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

impl Pending {
    /// Goes on with what was written before. A file that cannot be read is begun anew: it grants
    /// nothing.
    pub(crate) fn load(state: &Path) -> Self {
        let path = state.join("pending.json");
        let asked = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                warn!(path = %path.display(), %error, "could not be read, and is begun anew");
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        Self { path, asked, is_saved: true }
    }

    /// Writes down, in memory, that an origin asked. Says whether it was not there before.
    pub(crate) fn ask(&mut self, origin: &Origin, now: Timestamp) -> bool {
        self.is_saved = false;
        if let Some(asked) = self.asked.get_mut(origin) {
            asked.times = asked.times.saturating_add(1);
            asked.last = now;
            return false;
        }
        while self.asked.len() >= MAX_ORIGINS
            && let Some(oldest) = self.oldest()
        {
            self.asked.remove(&oldest);
        }
        self.asked.insert(origin.clone(), Asked { times: 1, first: now, last: now });
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

    fn oldest(&self) -> Option<Origin> {
        self.asked.iter().min_by_key(|(_, asked)| asked.last).map(|(origin, _)| origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{MAX_ORIGINS, Pending};
    use crate::origin::Origin;

    fn origin(number: usize) -> Origin {
        Origin::parse(&format!("https://{number}.example"), false).unwrap()
    }

    #[test]
    fn an_origin_is_counted_and_remembered() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let (first, last) = (Timestamp::UNIX_EPOCH, Timestamp::now());
        pending.ask(&origin(1), first);
        pending.ask(&origin(1), last);
        pending.save().unwrap();
        let pending = Pending::load(state.path());
        let (_, asked) = pending.iter().next().unwrap();
        assert_eq!(asked.times, 2);
        assert_eq!((asked.first, asked.last), (first, last));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let mut now = Timestamp::UNIX_EPOCH;
        for number in 0..1000 {
            now += SignedDuration::from_millis(1);
            pending.ask(&origin(number), now);
            pending.ask(&origin(0), now);
        }
        assert_eq!(pending.iter().count(), MAX_ORIGINS);
        for kept in [0, 999, 1000 - (MAX_ORIGINS - 1)] {
            assert!(pending.iter().any(|(pending, _)| *pending == origin(kept)), "{kept}");
        }
    }

    #[test]
    fn the_file_is_written_only_for_something_new() {
        let state = tempfile::tempdir().unwrap();
        let mut pending = Pending::load(state.path());
        let path = state.path().join("pending.json");
        pending.save().unwrap();
        assert!(!path.exists());
        pending.ask(&origin(1), Timestamp::now());
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
