//! Limits on what a client may ask of the bridge. Defaults suit one desk; `[limits]` of the
//! administrator's file changes them.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::{Duration, Instant};

use kazashi_core::wire::MAX_MESSAGE;
use serde::{Deserialize, Serialize};

/// The table `[limits]`. Read once, when the bridge starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Limits {
    /// Connections of one origin.
    pub(crate) sockets_per_origin: NonZeroUsize,
    /// Connections of pages in all.
    pub(crate) sockets: NonZeroUsize,
    handshake_seconds: NonZeroU64,
    idle_seconds: NonZeroU64,
    /// The longest frame, and the longest message.
    pub(crate) frame_bytes: NonZeroUsize,
    /// How deep a message may be nested.
    pub(crate) json_depth: NonZeroUsize,
    commands_per_second: NonZeroU32,
    apdu_seconds: NonZeroU64,
    dialog_seconds: NonZeroU64,
    /// How many pages may wait for one reader.
    pub(crate) queue: NonZeroUsize,
    lease_seconds: NonZeroU64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets_per_origin: const { NonZeroUsize::new(4).unwrap() },
            sockets: const { NonZeroUsize::new(32).unwrap() },
            handshake_seconds: const { NonZeroU64::new(5).unwrap() },
            idle_seconds: const { NonZeroU64::new(60).unwrap() },
            frame_bytes: const { NonZeroUsize::new(MAX_MESSAGE).unwrap() },
            json_depth: const { NonZeroUsize::new(16).unwrap() },
            commands_per_second: const { NonZeroU32::new(1000).unwrap() },
            apdu_seconds: const { NonZeroU64::new(30).unwrap() },
            dialog_seconds: const { NonZeroU64::new(60).unwrap() },
            queue: const { NonZeroUsize::new(4).unwrap() },
            lease_seconds: const { NonZeroU64::new(30).unwrap() },
        }
    }
}

impl Limits {
    /// How long a client may take to send its request, and to read a refusal.
    pub(crate) fn handshake(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds.get())
    }

    /// A connection that was not heard of for so long ends. It is asked three times before.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.get())
    }

    /// How long the card may take to answer one command.
    pub(crate) fn apdu(&self) -> Duration {
        Duration::from_secs(self.apdu_seconds.get())
    }

    /// How long a person has for a question.
    pub(crate) fn dialog(&self) -> Duration {
        Duration::from_secs(self.dialog_seconds.get())
    }

    /// A lease that nobody used for so long can be taken by another page.
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.get())
    }

    /// The pace of one connection.
    pub(crate) fn pace(&self, now: Instant) -> Pace {
        Pace { interval: Duration::from_secs(1) / self.commands_per_second.get(), due: now }
    }
}

/// Lets through as many messages a second as a connection may send, a second's worth of them at
/// once. What comes faster is left unread, so that the sender has to wait.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    /// When all messages so far would have come, had they come evenly.
    due: Instant,
}

impl Pace {
    /// Counts a message.
    pub(crate) fn count(&mut self, now: Instant) {
        self.due = self.due.max(now) + self.interval;
    }

    /// How long the next message must wait.
    pub(crate) fn pause(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now).saturating_sub(Duration::from_secs(1))
    }
}

/// Whether JSON is nested deeper than this, without reading it otherwise.
pub(crate) fn is_deeper_than(depth: NonZeroUsize, json: &str) -> bool {
    let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                if open > depth.get() {
                    return true;
                }
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::{Duration, Instant};

    use super::{Limits, is_deeper_than};

    #[test]
    fn what_is_not_written_has_its_default() {
        let limits: Limits = toml::from_str("sockets = 500\nidle-seconds = 5").unwrap();
        assert_eq!(limits.sockets.get(), 500);
        assert_eq!(limits.idle(), Duration::from_secs(5));
        assert_eq!(limits.sockets_per_origin.get(), 4);
        assert_eq!(limits.handshake(), Duration::from_secs(5));
    }

    #[test]
    fn no_limit_can_be_nothing_or_misspelt() {
        for text in ["sockets = 0", "sockets = -1", "idle-seconds = 0.5", "socket = 1"] {
            assert!(toml::from_str::<Limits>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_second_s_worth_of_messages_passes_at_once_and_then_one_at_a_time() {
        let limits: Limits = toml::from_str("commands-per-second = 10").unwrap();
        let now = Instant::now();
        let mut pace = limits.pace(now);
        for _ in 0..10 {
            pace.count(now);
            assert_eq!(pace.pause(now), Duration::ZERO);
        }
        pace.count(now);
        assert_eq!(pace.pause(now), Duration::from_millis(100));
        assert_eq!(pace.pause(now + Duration::from_millis(100)), Duration::ZERO);
    }

    #[test]
    fn silence_saves_up_no_more_than_a_second() {
        let limits: Limits = toml::from_str("commands-per-second = 10").unwrap();
        let begin = Instant::now();
        let mut pace = limits.pace(begin);
        let now = begin + Duration::from_secs(3600);
        for _ in 0..11 {
            pace.count(now);
        }
        assert_eq!(pace.pause(now), Duration::from_millis(100));
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let two = NonZeroUsize::new(2).unwrap();
        for json in ["{}", r#"{"a":[1]}"#, r#"[[],{},[]]"#, r#"{"a":"[[[{{{"}"#, r#"["\"[[["]"#] {
            assert!(!is_deeper_than(two, json), "{json}");
        }
        for json in ["[[[", r#"{"a":[{}]}"#, r#"["\\",[[0]]]"#, "]]][[["] {
            assert!(is_deeper_than(two, json), "{json}");
        }
    }
}
