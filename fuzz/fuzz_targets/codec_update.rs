//! Fuzzes [`deskside_fuzz::oracle::codec_update`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| deskside_fuzz::oracle::codec_update(bytes));
