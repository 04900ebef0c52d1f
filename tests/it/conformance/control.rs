//! The socket beside the link under test: what a scripted process is told, and what it answers.

use super::Outcome;
use super::frames::Lens;
use super::script::Step;
use ipcmark::plan::Placement;
use ipcmark::sys::fd::{pack, recv_message, send_message, unpack};
use ipcmark::sys::process::readable;
use ipcmark::transport::WaitKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// An address, packed.
pub(super) type Letter = (Vec<u8>, Vec<OwnedFd>);

/// One end of the socket.
#[derive(Debug)]
pub(super) struct Control(UnixStream);

impl Control {
    pub(super) fn new(socket: UnixStream) -> Control {
        Control(socket)
    }

    /// Sends a value with the descriptors in it.
    pub(super) fn say<T: Serialize>(&self, value: &T) -> Outcome {
        self.pass(pack(value)?)
    }

    /// Sends what has been packed before.
    pub(super) fn pass(&self, (bytes, fds): Letter) -> Outcome {
        Ok(send_message(self.0.as_fd(), &bytes, &fds)?)
    }

    /// Waits for a value.
    pub(super) fn hear<T: DeserializeOwned>(&self) -> Outcome<T> {
        let (bytes, fds) = recv_message(self.0.as_fd(), 1 << 20)?;
        Ok(unpack(&bytes, fds)?)
    }

    /// Whether nothing is said for so long.
    pub(super) fn is_silent(&self, limit: Duration) -> bool {
        !readable(self.0.as_fd(), limit)
    }

    /// The descriptors of a process that has nothing but this one and its standard ones.
    pub(super) fn beside(&self) -> BTreeSet<i32> {
        BTreeSet::from([0, 1, 2, self.0.as_raw_fd()])
    }

    /// Nothing more will be said: whoever waits for a word over there gives up, and can still say why.
    pub(super) fn hang_up(&self) {
        // Fails only if the other end has gone.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

/// What a child is, told first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) transport: String,
    pub(super) wait: WaitKind,
    pub(super) role: Role,
}

/// What a child does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Role {
    /// Connects to the address that follows and plays a script.
    Renderer { peer: usize, script: Vec<Step> },
    /// Is main for the process that started it: sends an address, accepts, sends frames, and stays until it is killed.
    Main { frames: u64, lens: Lens },
    /// Makes addresses for nobody and stays until it is killed.
    Binder,
    /// Opens and closes links, and looks at what that leaves in its own process.
    Hermit { placement: Placement },
}

/// Test → child.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Go;

/// Child → test.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// It has come to this point of its script.
    Here,
    /// So many frames came before the end.
    Counted(u64),
    /// It is through, or says why not. Its ends are dropped.
    Done(Result<(), String>),
}
