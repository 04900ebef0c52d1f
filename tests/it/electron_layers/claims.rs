//! S9: what is only claimed takes no memory. A process that has little to spare reads frames and messages that claim gigabytes.

use crate::test;
use ipcmark::codec::Codec;
use ipcmark::electron::wire::{self, HEADER, Kind};
use ipcmark::sys::process::{Ending, die_with_parent, own_pid, respawn};
use libtest_mimic::Trial;
use rustix::process::{Pid, Resource, Rlimit, setrlimit};
use std::error::Error;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

/// Holds the parent's number in a child.
const CHILD: &str = "IPCMARK_CLAIMS_CHILD";
/// More than the reading takes, and far below what is claimed.
const SPARE: u64 = 64 << 20;

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("electron_layers::s9_claims_of_gigabytes_take_no_memory", claims)]
}

fn claims() {
    let (_ours, theirs) = UnixStream::pair().expect("a pair");
    let own = own_pid().as_raw_nonzero().to_string();
    let child = respawn(OwnedFd::from(theirs), &[(CHILD.as_ref(), own.as_ref())]).expect("a child");
    assert_eq!(child.reap(Duration::from_secs(20)), Some(Ending::Code(0)));
}

/// The child's part.
pub(crate) fn enter_if_child() -> Option<ExitCode> {
    let parent = std::env::var(CHILD).ok()?.parse().ok().and_then(Pid::from_raw)?;
    let done = die_with_parent(parent).map_err(Into::into).and_then(|()| perform());
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An allocation beyond the limit aborts the process, as does a reader that panics.
fn perform() -> Result<(), Box<dyn Error>> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').next().ok_or("no size")?.parse()?;
    let limit = pages * rustix::param::page_size() as u64 + SPARE;
    setrlimit(Resource::As, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    if Vec::<u8>::new().try_reserve_exact(2 * SPARE as usize).is_ok() {
        return Err("the limit is none".into());
    }
    for bytes in frames() {
        let read = wire::read(&bytes).and_then(|frame| wire::value(frame.body));
        assert!(read.is_err(), "{bytes:x?}");
    }
    for (codec, bytes) in messages() {
        // Refused, or an array of so many holes: it is over either way.
        let _ = codec.decode(&bytes);
    }
    Ok(())
}

/// Frames whose lists of ports, and of the messages in them, are as long as can be said.
fn frames() -> Vec<Vec<u8>> {
    let frame = |ports: u8, rest: &[u8]| {
        let mut bytes = vec![0; HEADER];
        (bytes[0], bytes[1]) = (Kind::Post as u8, ports);
        bytes.extend_from_slice(rest);
        bytes
    };
    let token = [7; 16];
    let one_message = [&token[..], &[0xff; 4], &[4, 0, 0, 0], b"four"].concat();
    let long_message = [&token[..], &[1, 0, 0, 0], &[0xff; 4], b"short"].concat();
    vec![frame(255, &[]), frame(1, &one_message), frame(1, &long_message), frame(255, &[0xff; 4096])]
}

/// Messages of each codec that begin with a length of about four billion.
fn messages() -> Vec<(Codec, Vec<u8>)> {
    let mut messages = Vec::new();
    let longest = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for tag in u8::MIN..=u8::MAX {
        // V8's own: a header, a tag, a number; behind a view's buffer too.
        messages.push((Codec::StructuredClone, [&[0xff, 0x0f, tag][..], &longest, &longest].concat()));
        messages.push((Codec::Postcard, [&[tag][..], &longest, &longest].concat()));
        messages.push((Codec::Msgpack, [&[tag][..], &[0xff; 8]].concat()));
    }
    messages
}
