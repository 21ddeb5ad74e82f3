use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::origin::Origin;

/// How many connections each origin has.
#[derive(Debug)]
pub(crate) struct Places {
    taken: Mutex<HashMap<Origin, usize>>,
    of_each: NonZeroUsize,
}

/// A connection's place among those of its origin, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    origin: Origin,
}

impl Places {
    pub(crate) fn new(of_each: NonZeroUsize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), of_each })
    }

    /// Takes a place, unless this origin has all that it may.
    pub(crate) fn take(self: &Arc<Self>, origin: &Origin) -> Option<Place> {
        let mut taken = self.lock();
        let count = taken.entry(origin.clone()).or_default();
        if *count >= self.of_each.get() {
            return None;
        }
        *count += 1;
        Some(Place { places: Arc::clone(self), origin: origin.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(count) = taken.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::Places;
    use crate::origin::Origin;

    #[test]
    fn each_origin_has_so_many_places_and_gets_them_back() {
        let origin = |text| Origin::parse(text, false).unwrap();
        let (a, b) = (origin("https://a.example"), origin("https://b.example"));
        let places = Places::new(NonZeroUsize::new(2).unwrap());
        let first = places.take(&a);
        let second = places.take(&a);
        assert!(first.is_some() && second.is_some() && places.take(&a).is_none());
        assert!(places.take(&b).is_some());
        drop(first);
        assert!(places.take(&a).is_some());
        drop(second);
        assert!(places.lock().is_empty());
    }
}
