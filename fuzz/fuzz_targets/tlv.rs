#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kazashi_oracles::tlv(bytes));
