use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::FromRawHandle;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE,
};

use crate::security::{Descriptor, wide};
use crate::succeeded;

/// Makes a file that is not there yet, for those whom this text (SDDL) names. It is open for reading
/// and writing.
pub fn create_file(path: &Path, access: &str) -> io::Result<File> {
    let descriptor = Descriptor::from_text(access)?;
    let attributes = descriptor.attributes();
    let path = wide(path.as_os_str().encode_wide())?;
    // SAFETY: the path ends with a zero, and the attributes' descriptor is there until the end.
    let handle = unsafe {
        CreateFileW(
            path.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            // As for files that the standard library opens.
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &raw const attributes,
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was just opened, and nobody else has it.
    Ok(unsafe { File::from_raw_handle(handle) })
}

/// Makes a folder that is not there yet, for those whom this text (SDDL) names.
pub fn create_folder(path: &Path, access: &str) -> io::Result<()> {
    let descriptor = Descriptor::from_text(access)?;
    let attributes = descriptor.attributes();
    let path = wide(path.as_os_str().encode_wide())?;
    // SAFETY: the path ends with a zero, and the attributes' descriptor is there until the end.
    succeeded(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
}
