//! Ctrl-C and its like, as a descriptor that can be waited for beside others.

use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
    /// Listens to SIGINT, SIGTERM and SIGHUP from now on; not to those that whoever started us has made us deaf to, as
    /// `nohup` does.
    ///
    /// # Errors
    /// If the system refuses a handler or a descriptor.
    pub fn listen() -> io::Result<Interrupt> {
        let (wake, write) = UnixStream::pair()?;
        let number = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            if is_ignored(signal)? {
                continue;
            }
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

    /// The exit code that the conventions ask for (130, 143 or 129), once a signal came.
    pub fn exit_code(&self) -> Option<u8> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            number => Some(128 + number as u8),
        }
    }
}

fn is_ignored(signal: libc::c_int) -> io::Result<bool> {
    // SAFETY: all of its fields are numbers, for which zero is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is installed, and what is there is written to a value that lives during the call.
    match unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) } {
        0 => Ok(action.sa_sigaction == libc::SIG_IGN),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Interrupts this process's calls so many times in a second from now on, for good (`setitimer(2)`): a proof that no call
/// takes a signal for an answer. The handler does nothing, and calls are not restarted.
///
/// # Errors
/// If the system refuses, or for a rate of 0 or above a million.
pub fn storm(hz: u32) -> io::Result<()> {
    extern "C" fn nothing(_signal: libc::c_int) {}
    let microseconds = 1_000_000_u32.checked_div(hz).filter(|&us| us > 0).ok_or(Errno::INVAL)?;
    // SAFETY: all of its fields are numbers, for which zero is a value: no flags, no signals blocked.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing, which is safe at any moment; the old one is not asked for.
    if unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let period = libc::timeval {
        tv_sec: libc::time_t::from(microseconds / 1_000_000),
        tv_usec: libc::suseconds_t::from(microseconds % 1_000_000),
    };
    let timer = libc::itimerval { it_interval: period, it_value: period };
    // SAFETY: the timer is read during the call; the old one is not asked for.
    match unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
