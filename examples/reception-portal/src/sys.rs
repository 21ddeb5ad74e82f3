//! Everything of an operating system: the one place that asks which of them it is on.

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use system::stop_signal;
