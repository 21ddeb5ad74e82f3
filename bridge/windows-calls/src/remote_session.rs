use windows_sys::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_REMOTESESSION};

/// Whether the session of this program is shown at another computer, by Remote Desktop.
#[must_use]
pub fn is_remote_session() -> bool {
    // SAFETY: it takes a number and gives one.
    unsafe { GetSystemMetrics(SM_REMOTESESSION) != 0 }
}
