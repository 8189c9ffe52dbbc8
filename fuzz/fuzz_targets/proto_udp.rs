//! Fuzzes [`deskside_fuzz::oracle::proto_udp`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| deskside_fuzz::oracle::proto_udp(bytes));
