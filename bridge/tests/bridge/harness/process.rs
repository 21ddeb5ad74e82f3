//! What a process uses, as Linux tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, fs};

/// Memory that is resident, in bytes, and open descriptors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) rss: u64,
    pub(crate) descriptors: usize,
}

impl Figures {
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes: u64 = rss.trim().trim_end_matches(" kB").parse().unwrap();
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        Self { rss: 1024 * kibibytes, descriptors }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB resident, {} descriptors", self.rss / 1024, self.descriptors)
    }
}

/// Looks at a process again and again.
pub(crate) struct Sampler {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Figures>,
}

impl Sampler {
    pub(crate) fn start(process: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                let mut peak = Figures::of(process);
                while !is_over.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                    let Figures { rss, descriptors } = Figures::of(process);
                    peak.rss = peak.rss.max(rss);
                    peak.descriptors = peak.descriptors.max(descriptors);
                }
                peak
            })
        };
        Self { is_over, thread }
    }

    /// The most of each that was seen.
    pub(crate) fn stop(self) -> Figures {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
