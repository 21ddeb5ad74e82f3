//! Keeps the bridge running in the background of a session on Windows: runs `kazashi-bridge serve --log`, with
//! the options that it is given itself, without a console, and again when that ends by a fault. Given a command
//! of the bridge (`origins review`), it runs that instead, once.
//!
//! Windows starts programs at sign-in and from the start menu, but gives one that is for a console a window, and
//! starts none again.

#![cfg_attr(windows, windows_subsystem = "windows")]

use std::process::ExitCode;

#[cfg(windows)]
fn main() -> std::io::Result<ExitCode> {
    use std::os::windows::process::CommandExt;
    use std::process::{Command, Stdio};
    use std::time::Duration;
    use std::{env, thread};

    /// For the bridge, which has no use for a console (`DETACHED_PROCESS`).
    const WITHOUT_CONSOLE: u32 = 0x0000_0008;
    /// So that a bridge that cannot start costs the machine nothing. Meanwhile somebody may have seen to it.
    const PAUSE: Duration = Duration::from_secs(5);

    let mut bridge = Command::new(env::current_exe()?.with_file_name("kazashi-bridge.exe"));
    bridge.creation_flags(WITHOUT_CONSOLE);
    bridge.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let given: Vec<_> = env::args_os().skip(1).collect();
    let is_command = given.first().is_some_and(|first| !first.to_string_lossy().starts_with('-'));
    if is_command {
        let ended_well = bridge.args(given).status()?.success();
        return Ok(if ended_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    bridge.args(["serve", "--log"]).args(given);
    while !bridge.status()?.success() {
        thread::sleep(PAUSE);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(windows))]
fn main() -> ExitCode {
    eprintln!("kazashi-background is for Windows. Elsewhere the system keeps the bridge running.");
    ExitCode::FAILURE
}
