use std::cell::Cell;
use std::{io, ptr, thread};

use tokio::sync::oneshot;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MSG, RegisterClassW,
    WM_ENDSESSION, WNDCLASSW,
};
use windows_sys::w;

thread_local! {
    /// Who is told, by the thread that has the window.
    static ENDS: Cell<Option<oneshot::Sender<()>>> = const { Cell::new(None) };
}

/// Waits for the end of the session: the user logs off, or the machine is shut down. Of that Windows
/// tells programs without a console only by a window, so one is made that nobody sees. Once this has
/// returned, Windows waits some seconds for the program to end.
pub async fn session_end() -> io::Result<()> {
    let (ends, end) = oneshot::channel();
    thread::spawn(move || {
        ENDS.set(Some(ends));
        // If it returns, the sender is dropped with the thread, and whoever waits hears of it.
        listen();
    });
    end.await.map_err(|_| io::Error::other("there can be no window"))
}

/// Makes the window and hears what it is told, for ever unless that fails.
fn listen() {
    let name = w!("kazashi-bridge");
    let class =
        WNDCLASSW { lpfnWndProc: Some(on_message), lpszClassName: name, ..Default::default() };
    // SAFETY: the class is whole, and its name is there as long as the program.
    unsafe { RegisterClassW(&raw const class) };
    // A window of its own and not one for messages only, to which the end of a session is not told.
    // SAFETY: the names are there as long as the program, and what is null may be.
    let window = unsafe {
        CreateWindowExW(
            0,
            name,
            name,
            0,
            0,
            0,
            0,
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        )
    };
    if window.is_null() {
        return;
    }
    let mut message = MSG::default();
    // SAFETY: the message is there to be written to.
    while unsafe { GetMessageW(&raw mut message, ptr::null_mut(), 0, 0) } > 0 {
        // SAFETY: it is a message that Windows just wrote.
        unsafe { DispatchMessageW(&raw const message) };
    }
}

/// What Windows calls with what it tells the window.
unsafe extern "system" fn on_message(
    window: HWND,
    message: u32,
    first: WPARAM,
    second: LPARAM,
) -> LRESULT {
    if message == WM_ENDSESSION && first != 0 {
        if let Some(ends) = ENDS.take() {
            let _ = ends.send(());
        }
        // Windows ends a program that has returned from here. This one ends by itself.
        loop {
            thread::park();
        }
    }
    // SAFETY: these are what Windows called this with.
    unsafe { DefWindowProcW(window, message, first, second) }
}
