#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(ipcmark::fuzz::run("ring_producer", bytes)));
