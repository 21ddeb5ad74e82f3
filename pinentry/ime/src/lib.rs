//! Turns input methods off. A crate of its own, since this is the one call for the PIN dialog that
//! no safe binding has.
#![cfg(windows)]

/// Has no input method for the windows that this thread is going to open: what is typed into them
/// passes through no dictionary, and is not learned. To be called before the first.
pub fn turn_off() {
    // If it fails there was none: input methods are a part of Windows that can be missing.
    let _ = ImmDisableIME(THIS_THREAD);
}

/// What `ImmDisableIME` takes for the thread that calls it.
const THIS_THREAD: u32 = 0;

// The declaration is that of imm.h, `BOOL ImmDisableIME(DWORD)`, and calls of it are safe: it takes a
// number, and refuses one that is no thread of this process.
#[expect(unsafe_code, reason = "the one call that no safe binding has")]
#[link(name = "imm32")]
unsafe extern "system" {
    safe fn ImmDisableIME(thread: u32) -> i32;
}
