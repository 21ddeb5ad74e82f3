use std::os::windows::io::{AsHandle, AsRawHandle};
use std::{io, iter, ptr};

use windows_sys::Win32::Foundation::{LocalFree, NO_ERROR};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetSecurityDescriptorLength, LookupAccountSidW,
    OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
};

use crate::succeeded;

/// Bytes of a SID before its numbers, of which the second byte says how many there are.
const SID_HEADER: usize = 8;
/// More letters than a name of an account or a domain has.
const LONGEST_NAME: usize = 257;

/// Who owns an open file or folder, and who may do what with it: the bytes of a security descriptor in
/// its self-relative form. It must have been opened with `READ_CONTROL`, as for reading it is.
pub fn security_descriptor(file: &impl AsHandle) -> io::Result<Vec<u8>> {
    let handle = file.as_handle().as_raw_handle();
    let asked = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let mut descriptor = Descriptor(ptr::null_mut());
    // SAFETY: the handle is open as long as it is borrowed, and the pointer is there to be written to.
    let status = unsafe {
        GetSecurityInfo(
            handle,
            SE_FILE_OBJECT,
            asked,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor.0,
        )
    };
    if status != NO_ERROR {
        return Err(io::Error::from_raw_os_error(status.cast_signed()));
    }
    Ok(descriptor.to_bytes())
}

/// The name of the account with this SID, which is in its binary form.
pub fn account_name(sid: &[u8]) -> io::Result<String> {
    let numbers = sid.get(1).map_or(0, |&numbers| usize::from(numbers));
    if sid.len() < SID_HEADER || sid.len() != SID_HEADER + 4 * numbers {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let (mut name, mut domain) = ([0; LONGEST_NAME], [0; LONGEST_NAME]);
    let (mut name_length, mut domain_length) = (257, 257);
    let mut kind = 0;
    // SAFETY: the SID is as long as it says itself, and each buffer as long as its number says.
    let found = unsafe {
        LookupAccountSidW(
            ptr::null(),
            sid.as_ptr().cast_mut().cast(),
            name.as_mut_ptr(),
            &raw mut name_length,
            domain.as_mut_ptr(),
            &raw mut domain_length,
            &raw mut kind,
        )
    };
    succeeded(found)?;
    Ok(text(&name))
}

/// The text up to the zero that ends it.
fn text(letters: &[u16]) -> String {
    let end = letters.iter().position(|&letter| letter == 0).unwrap_or(letters.len());
    String::from_utf16_lossy(letters.get(..end).unwrap_or_default())
}

/// As Windows takes text: UTF-16 with a zero at its end.
pub(crate) fn wide(text: impl Iterator<Item = u16>) -> io::Result<Vec<u16>> {
    let text: Vec<_> = text.collect();
    if text.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(text.into_iter().chain(iter::once(0)).collect())
}

/// A security descriptor that Windows allocated, in its self-relative form.
pub(crate) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// What this text says (SDDL).
    pub(crate) fn from_text(text: &str) -> io::Result<Self> {
        let text = wide(text.encode_utf16())?;
        let mut descriptor = Self(ptr::null_mut());
        // SAFETY: the text ends with a zero, and the pointer is there to be written to.
        let converted = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor.0,
                ptr::null_mut(),
            )
        };
        succeeded(converted).map(|()| descriptor)
    }

    /// As calls take it that make something. They are to be used only while `self` is there.
    pub(crate) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        let length = u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or(0);
        SECURITY_ATTRIBUTES { nLength: length, lpSecurityDescriptor: self.0, bInheritHandle: 0 }
    }

    fn to_bytes(&self) -> Vec<u8> {
        // SAFETY: it is a security descriptor that Windows made, and it is there as long as `self`.
        let length = unsafe { GetSecurityDescriptorLength(self.0) };
        let length = usize::try_from(length).unwrap_or(0);
        // SAFETY: in the self-relative form it is one block, as long as Windows says.
        unsafe { std::slice::from_raw_parts(self.0.cast::<u8>(), length) }.to_vec()
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: Windows allocated it so that it is freed in this way, once. Null is let be.
        unsafe { LocalFree(self.0) };
    }
}
