use std::{io, ptr};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, TCP_TABLE_OWNER_PID_ALL,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

/// More connections may come while the table is read: it is asked for again so often.
const TRIES: u32 = 8;

/// Every TCP socket of IPv4, with its process: the bytes of a `MIB_TCPTABLE_OWNER_PID`.
pub fn ipv4_tcp_table() -> io::Result<Vec<u8>> {
    tcp_table(AF_INET.into())
}

/// Every TCP socket of IPv6, with its process: the bytes of a `MIB_TCP6TABLE_OWNER_PID`.
pub fn ipv6_tcp_table() -> io::Result<Vec<u8>> {
    tcp_table(AF_INET6.into())
}

fn tcp_table(family: u32) -> io::Result<Vec<u8>> {
    let mut size = 0;
    for _ in 0..TRIES {
        // Of 4 bytes each, since the table is one of numbers of 32 bits.
        let mut table = vec![0_u32; usize::try_from(size).unwrap_or(0).div_ceil(4)];
        let pointer = if size == 0 { ptr::null_mut() } else { table.as_mut_ptr().cast() };
        // SAFETY: it writes at most `size` bytes, which `table` has, and the length that it wants.
        let status = unsafe {
            GetExtendedTcpTable(pointer, &raw mut size, 0, family, TCP_TABLE_OWNER_PID_ALL, 0)
        };
        match status {
            NO_ERROR => return Ok(table.into_iter().flat_map(u32::to_ne_bytes).collect()),
            ERROR_INSUFFICIENT_BUFFER => {}
            error => return Err(io::Error::from_raw_os_error(error.cast_signed())),
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}
