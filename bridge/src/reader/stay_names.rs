use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use kazashi_core::value::StayName;

use crate::reader::slot::Insertion;
use crate::sys::random;

/// Names that are remembered. Whoever is behind asks for one of the last few insertions; the service
/// counts anew after many thousand, and what comes then must get a new name.
const REMEMBERED: usize = 8;

/// Names of the stays on one reader. Its monitor and its thread learn of an insertion each by itself,
/// in either order, and get the same name for it. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct StayNames(Arc<Mutex<VecDeque<(Insertion, StayName)>>>);

impl StayNames {
    /// The name of the stay that began with this insertion.
    pub(crate) fn of(&self, insertion: Insertion) -> StayName {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, name)) = names.iter().find(|(named, _)| *named == insertion) {
            return *name;
        }
        let name = StayName::from_bytes(random());
        names.truncate(REMEMBERED - 1);
        names.push_front((insertion, name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, StayNames};
    use crate::reader::slot::Insertion;

    #[test]
    fn whoever_asks_gets_the_same_name_while_the_card_stays() {
        let names = StayNames::default();
        let asks_too = names.clone();
        let (first, second) = (names.of(Insertion(1)), asks_too.of(Insertion(2)));
        assert_ne!(first, second);
        assert_eq!(names.of(Insertion(2)), second);
        // Whoever is behind still hears of the card before.
        assert_eq!(asks_too.of(Insertion(1)), first);
    }

    #[test]
    fn a_count_that_comes_round_again_gives_another_name() {
        let names = StayNames::default();
        let first = names.of(Insertion(1));
        for count in 2..2 + u32::try_from(REMEMBERED).unwrap() {
            names.of(Insertion(count));
        }
        assert_ne!(names.of(Insertion(1)), first);
    }
}
