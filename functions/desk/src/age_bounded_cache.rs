//! What a process has read, each with the time of the read, so that nothing is used longer than a bound.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use confab_core::{Timestamp, after};

/// How long a process uses settings, and the status of a tenant.
pub(crate) const MAX_SETTINGS_AGE: Duration = Duration::from_secs(30);

/// A map with a maximum age and a maximum size. A full one begins anew: its rows are read again.
#[derive(Debug)]
pub(crate) struct AgeBoundedCache<K, V> {
    max_age: Duration,
    capacity: usize,
    known: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K: Eq + Hash, V: Clone> AgeBoundedCache<K, V> {
    pub(crate) fn new(max_age: Duration, capacity: usize) -> Self {
        Self {
            max_age,
            capacity,
            known: Mutex::default(),
        }
    }

    /// Returns a value that is younger than the maximum age.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let known = self.lock();
        let (read_at, value) = known.get(key)?;
        (now < after(*read_at, self.max_age)).then(|| value.clone())
    }

    /// Returns a value of any age, of which a part may still hold.
    pub(crate) fn get_old(&self, key: &K) -> Option<V> {
        let known = self.lock();
        known.get(key).map(|(_, value)| value.clone())
    }

    /// Keeps a value. `read_at` is a time before the read.
    pub(crate) fn put(&self, key: K, read_at: Timestamp, value: V) {
        let mut known = self.lock();
        if known.len() >= self.capacity && !known.contains_key(&key) {
            known.clear();
        }
        known.insert(key, (read_at, value));
    }

    pub(crate) fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Timestamp, V)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn cache() -> AgeBoundedCache<u8, &'static str> {
        AgeBoundedCache::new(MAX_SETTINGS_AGE, 2)
    }

    #[test]
    fn values_are_used_until_they_are_half_a_minute_old() {
        let cache = cache();
        assert_eq!((cache.get(&1, at(0)), cache.get_old(&1)), (None, None));
        cache.put(1, at(0), "first");
        assert_eq!(cache.get(&1, at(29)), Some("first"));
        assert_eq!(cache.get(&1, at(30)), None);
        assert_eq!(cache.get_old(&1), Some("first"));
        cache.put(1, at(30), "second");
        assert_eq!(cache.get(&1, at(59)), Some("second"));
        cache.remove(&1);
        assert_eq!(cache.get_old(&1), None);
    }

    #[test]
    fn full_cache_begins_anew() {
        let cache = cache();
        cache.put(1, at(0), "one");
        cache.put(2, at(0), "two");
        cache.put(2, at(1), "two again");
        assert_eq!(cache.get(&1, at(1)), Some("one"), "nothing was added");
        cache.put(3, at(1), "three");
        assert_eq!((cache.get(&1, at(1)), cache.get(&2, at(1))), (None, None));
        assert_eq!(cache.get(&3, at(1)), Some("three"));
    }
}
