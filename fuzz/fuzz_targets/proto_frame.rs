//! Fuzzes [`deskside_fuzz::oracle::proto_frame`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| deskside_fuzz::oracle::proto_frame(bytes));
