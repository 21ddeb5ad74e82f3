use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Origin;

/// The number of connections that each origin has, and may have. Programs, which come by a way of
/// their own, take none from pages.
#[derive(Debug)]
pub(crate) struct ConnectionQuota {
    taken: Mutex<HashMap<Origin, usize>>,
    of_each: NonZeroUsize,
    of_pages: NonZeroUsize,
}

/// A connection's place among those of its origin, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    quota: Arc<ConnectionQuota>,
    origin: Origin,
}

impl ConnectionQuota {
    /// So many of each origin, and so many of all pages together.
    pub(crate) fn new(of_each: NonZeroUsize, of_pages: NonZeroUsize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), of_each, of_pages })
    }

    /// Takes a place, unless this origin has all that it may, or the pages together have.
    pub(crate) fn take(self: &Arc<Self>, origin: &Origin) -> Option<Place> {
        let mut taken = self.lock();
        let pages = taken.iter().filter(|(origin, _)| !origin.is_native());
        let of_pages: usize = pages.map(|(_, count)| count).sum();
        if !origin.is_native() && of_pages >= self.of_pages.get() {
            return None;
        }
        let count = taken.entry(origin.clone()).or_default();
        if *count >= self.of_each.get() {
            return None;
        }
        *count += 1;
        Some(Place { quota: Arc::clone(self), origin: origin.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.quota.lock();
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
    use std::sync::Arc;

    use super::ConnectionQuota;
    use crate::access::Origin;

    fn quota(of_each: usize, of_pages: usize) -> Arc<ConnectionQuota> {
        let [of_each, of_pages] = [of_each, of_pages].map(|n| NonZeroUsize::new(n).unwrap());
        ConnectionQuota::new(of_each, of_pages)
    }

    fn origin(text: &str) -> Origin {
        Origin::parse(text, false).unwrap()
    }

    #[test]
    fn each_origin_has_so_many_places_and_gets_them_back() {
        let (a, b) = (origin("https://a.example"), origin("https://b.example"));
        let quota = quota(2, 32);
        let first = quota.take(&a);
        let second = quota.take(&a);
        assert!(first.is_some() && second.is_some() && quota.take(&a).is_none());
        assert!(quota.take(&b).is_some());
        drop(first);
        assert!(quota.take(&a).is_some());
        drop(second);
        assert!(quota.lock().is_empty());
    }

    #[test]
    fn pages_have_so_many_together_and_programs_their_own_besides() {
        let quota = quota(2, 3);
        let places = ["https://a.example", "https://a.example", "https://b.example"]
            .map(|page| quota.take(&origin(page)).unwrap());
        assert!(quota.take(&origin("https://b.example")).is_none());
        let programs = [(); 2].map(|()| quota.take(&Origin::native()).unwrap());
        assert!(quota.take(&Origin::native()).is_none());
        drop(places);
        assert!(quota.take(&origin("https://b.example")).is_some());
        drop(programs);
        assert!(quota.lock().is_empty());
    }
}
