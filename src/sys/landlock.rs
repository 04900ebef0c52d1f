//! Rights to files, to TCP ports, and to reach processes outside, given up for good (`landlock(7)`, Linux 5.13 and later).
//!
//! A filter of system calls ([`super::seccomp`]) sees numbers, and would have to be told of every new call that takes a name. This
//! looks where the kernel finds a file, whichever call asks. It holds for the calling thread and those that it starts; threads
//! that were there before have the filter alone, which is put upon all.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetError, RulesetStatus, Scope,
};
use std::io;

/// The newest interface whose rights are given up here; of an older kernel, all that it knows.
const NEWEST: ABI = ABI::V6;

/// The version of the kernel's interface, if it is there and switched on.
pub fn version() -> Option<u32> {
    const VERSION: libc::c_uint = 1; // LANDLOCK_CREATE_RULESET_VERSION
    // SAFETY: without attributes and with this flag the call answers a number and makes nothing.
    let answer = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION)
    };
    u32::try_from(answer).ok().filter(|&version| version > 0)
}

/// Gives up, for the calling thread and those that it starts, to open, make, change or remove any file by name, and to bind or
/// connect TCP; to reach sockets with abstract names that were made outside, and to signal processes there. What is open stays open. Answers whether there was anything to give up by: nothing happens on a kernel without it.
///
/// # Errors
/// If the kernel has it and refuses.
pub fn confine_thread() -> io::Result<bool> {
    let give_up = || -> Result<RestrictionStatus, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .restrict_self()
    };
    let status = give_up().map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal, getppid, kill_process};
    use std::fs;
    use std::net::{TcpListener, TcpStream};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    #[test]
    fn no_file_by_any_call_and_no_port() {
        let scratch = super::super::leftovers::ScratchDir::create().unwrap();
        let (here, listener) = (scratch.path().to_owned(), TcpListener::bind("127.0.0.1:0").unwrap());
        let at = listener.local_addr().unwrap();
        fs::write(here.join("file"), "x").unwrap();
        let open = fs::File::open(here.join("file")).unwrap();
        let name = SocketAddr::from_abstract_name(here.as_os_str().as_encoded_bytes()).unwrap();
        let _outside = UnixDatagram::bind_addr(&name).unwrap();
        let confined = std::thread::spawn(move || {
            let enforced = confine_thread().unwrap();
            let denied = |outcome: io::Result<()>| {
                outcome.err().and_then(|error| error.raw_os_error()) == Some(libc::EACCES)
            };
            let tried = [
                denied(fs::read(here.join("file")).map(drop)),
                denied(fs::write(here.join("new"), "")),
                denied(fs::create_dir(here.join("directory"))),
                denied(fs::remove_file(here.join("file"))),
                denied(fs::read_dir("/").map(drop)),
                // What it starts is confined as well.
                std::thread::spawn(|| fs::File::open("/dev/null").is_err()).join().unwrap(),
            ];
            let ports = [
                denied(TcpListener::bind("127.0.0.1:0").map(drop)),
                denied(TcpStream::connect(at).map(drop)),
            ];
            let outside = [
                UnixDatagram::unbound().unwrap().send_to_addr(b"x", &name).map(drop),
                // Which nobody minds.
                getppid().map_or(Ok(()), |parent| Ok(kill_process(parent, Signal::CONT)?)),
            ];
            let outside = outside.map(|outcome| outcome.map_err(|error| error.kind()));
            let still = io::read_to_string(open).unwrap();
            (enforced, tried, ports, outside, still)
        });
        let (enforced, tried, ports, outside, still) = confined.join().unwrap();
        assert_eq!(enforced, version().is_some());
        assert_eq!(still, "x", "what is open stays open");
        assert_eq!(tried, [enforced; 6]);
        assert_eq!(ports, [version() >= Some(4); 2], "TCP is in its fourth version");
        let refused = if version() >= Some(6) { Err(io::ErrorKind::PermissionDenied) } else { Ok(()) };
        assert_eq!(outside, [refused; 2], "who is outside, in its sixth");
        assert!(fs::File::open("/dev/null").is_ok(), "this thread is as it was");
    }
}
