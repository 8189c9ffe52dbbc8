//! Fuzzes [`deskside_fuzz::oracle::codec_cursor`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| deskside_fuzz::oracle::codec_cursor(bytes));
