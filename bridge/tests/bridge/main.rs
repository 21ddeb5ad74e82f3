//! The bridge as it is installed: the program itself, cards in virtual and in pcscd's readers, and
//! pages that are more or less welcome.
#![cfg(unix)]
#![cfg(test)] // tells clippy that the helpers are tests too

mod birth_dates;
mod disclosure;
mod doctor;
mod documents;
mod door;
mod harness;
mod holder_page;
mod hostile;
mod launchd;
mod layouts;
mod leases;
mod origins;
mod pin_less;
mod pins;
mod scopes;
mod stays;
mod tries;

#[cfg(target_os = "linux")]
mod alone;
#[cfg(target_os = "linux")]
mod dialogs;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod pin_pad;
#[cfg(target_os = "linux")]
mod readers;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod users;
#[cfg(target_os = "linux")]
mod window;
