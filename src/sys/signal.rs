//! Ctrl-C and its like, as a descriptor that can be waited for beside others.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Becomes readable, and stays so, once the user asked to stop. A second request ends the program at once.
#[derive(Clone, Debug)]
pub struct Interrupt {
    wake: Arc<UnixStream>,
    number: Arc<AtomicUsize>,
    /// Keeps the writing end of an interrupt that no signal is tied to.
    _held: Option<Arc<UnixStream>>,
}

impl Interrupt {
    /// Listens to SIGINT and SIGTERM from now on.
    pub fn listen() -> io::Result<Interrupt> {
        let (wake, write) = UnixStream::pair()?;
        let number = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Order matters: the shutdown is armed by the first signal and acts on the second.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&seen))?;
            signal_hook::flag::register(signal, Arc::clone(&seen))?;
            signal_hook::flag::register_usize(signal, Arc::clone(&number), signal as usize)?;
            signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
        }
        Ok(Interrupt { wake: Arc::new(wake), number, _held: None })
    }

    /// One that never fires: for benches and tests, which leave signals alone.
    pub fn never() -> io::Result<Interrupt> {
        let (wake, write) = UnixStream::pair()?;
        Ok(Interrupt { wake: Arc::new(wake), number: Arc::default(), _held: Some(Arc::new(write)) })
    }

    /// The exit code that the conventions ask for (130 or 143), once a signal came.
    pub fn exit_code(&self) -> Option<u8> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            number => Some(128 + number as u8),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
