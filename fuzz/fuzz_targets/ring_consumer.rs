#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ipcmark::fuzz::run("ring_consumer", bytes);
});
