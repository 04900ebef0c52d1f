//! What must hold for bytes on a control channel: the body of a fuzz target.

use super::control::{FromMain, FromRenderer, RendererSetup, ToMain, ToRenderer};
use crate::sys::fd::{pack, recv_message, unpack, write_all};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Longest message that is taken here.
const LIMIT: usize = 8 << 10;

/// Bytes that a peer leaves in a control channel, then goes: a message within the limit comes out as it was sent, anything else is
/// refused; and a message that is one of ours (the first byte says which) is the same after it was sent on. Whether it was one.
///
/// # Panics
/// If that does not hold, or without descriptors.
pub fn control(bytes: &[u8]) -> bool {
    let Some((kind, sent)) = bytes.split_first() else { return false };
    // More than a socket holds would make us wait for ourselves.
    let sent = &sent[..sent.len().min(2 * LIMIT)];
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    write_all(theirs.as_fd(), sent).expect("room in a socket");
    drop(theirs);
    let received = match recv_message(ours.as_fd(), LIMIT) {
        Ok((received, files)) => {
            assert!(received.len() <= LIMIT && files.is_empty());
            assert!(sent[4..].starts_with(&received));
            received
        }
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData), "{error}");
            return false;
        }
    };
    match kind % 5 {
        0 => sent_on::<ToMain>(&received, ours.into()),
        1 => sent_on::<FromMain>(&received, ours.into()),
        2 => sent_on::<ToRenderer>(&received, ours.into()),
        3 => sent_on::<FromRenderer>(&received, ours.into()),
        _ => sent_on::<RendererSetup>(&received, ours.into()),
    }
}

/// A message with one descriptor beside it, which it may claim once.
fn sent_on<T: Serialize + DeserializeOwned>(bytes: &[u8], file: OwnedFd) -> bool {
    let Ok(value) = unpack::<T>(bytes, vec![file]) else { return false };
    let (once, files) = pack(&value).expect("what was read can be written");
    assert!(files.len() <= 1);
    let again = unpack::<T>(&once, files).expect("what was written can be read");
    assert!(pack(&again).expect("what was read can be written").0 == once);
    true
}
