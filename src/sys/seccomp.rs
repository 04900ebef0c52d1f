//! A renderer's sandbox: after it has connected, the kernel lets it do what its transport needs, and little else (`seccomp(2)`).
//!
//! A filter lists what is allowed. All else fails with `EPERM` and the process goes on: a benchmark shall report what a transport
//! was refused, where a browser ends the process. Only a call in the numbers of another architecture ends it.
//!
//! Allowed is what works on descriptors that are open, on the process's own memory, threads and time. Not allowed is whatever
//! reaches for something by name or number: files, sockets, other processes, new programs, memory that can be executed.
//! Three things that look like more than they are: `memfd_create` and a `socketpair` of the Unix sort name nothing and connect
//! to nobody; `clone` makes threads alone. `clone3`, whose flags no filter can see, is answered as on an old kernel, whereupon
//! the C library takes `clone`.

use rustix::process::getpid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::io;

/// Confines the whole process, for good: all of its threads, and those to come.
///
/// # Errors
/// If the kernel has no seccomp filters, or a thread has filters of its own.
pub fn confine() -> io::Result<()> {
    for filter in filters()? {
        seccompiler::apply_filter_all_threads(&filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Confines the calling thread, for good, and those that it starts: for a renderer that is a thread.
///
/// # Errors
/// If the kernel has no seccomp filters.
pub fn confine_thread() -> io::Result<()> {
    for filter in filters()? {
        seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The filters, in the order in which they are installed. All are asked for each call, and the strictest answer counts.
fn filters() -> io::Result<[BpfProgram; 2]> {
    let old_kernel = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let answer = SeccompAction::Errno(libc::ENOSYS as u32);
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let mut allowed: BTreeMap<_, _> = FREE.iter().map(|&call| (call, Vec::new())).collect();
    allowed.extend(conditional()?);
    Ok([compile(old_kernel, SeccompAction::Allow, answer)?, compile(allowed, refuse, SeccompAction::Allow)?])
}

type Calls = BTreeMap<libc::c_long, Vec<SeccompRule>>;

fn compile(calls: Calls, others: SeccompAction, listed: SeccompAction) -> io::Result<BpfProgram> {
    let architecture = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    SeccompFilter::new(calls, others, listed, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)
}

/// Allowed whatever their arguments.
const FREE: &[libc::c_long] = &[
    // descriptors that are open
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_memfd_create,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_mq_timedsend,
    libc::SYS_mq_timedreceive,
    libc::SYS_mq_getsetattr,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    // memory
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_mlock,
    libc::SYS_munlock,
    // threads, and waiting for each other
    libc::SYS_futex,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // signals that come
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // time, what was used of it, chance
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
];

/// What may be asked of a descriptor (`fcntl(2)`).
const COMMANDS: [libc::c_int; 10] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_ADD_SEALS,
    libc::F_GET_SEALS,
    libc::F_GETPIPE_SZ,
    libc::F_SETPIPE_SZ,
];

/// Allowed with some arguments.
fn conditional() -> io::Result<Calls> {
    let executable = libc::PROT_EXEC as u64;
    let own = u64::from(getpid().as_raw_nonzero().get().cast_unsigned());
    let with = |argument, bits, value| is(argument, SeccompCmpOp::MaskedEq(bits), value);
    let equal = |argument, value| is(argument, SeccompCmpOp::Eq, value);
    let (thread, unix) = (libc::CLONE_THREAD as u64, libc::AF_UNIX as u64);
    Ok(BTreeMap::from([
        (libc::SYS_mmap, vec![when([with(2, executable, 0)?])?]),
        (libc::SYS_mprotect, vec![when([with(2, executable, 0)?])?]),
        (libc::SYS_clone, vec![when([with(0, thread, thread)?])?]),
        // To a peer that the socket has, not to an address. (`sendmsg`, which passes descriptors, can name one: a filter does not see it.)
        (libc::SYS_sendto, vec![when([equal(4, 0)?])?]),
        (libc::SYS_socketpair, vec![when([equal(0, unix)?])?]),
        // A descriptor that does not wait, and what waits in it.
        (libc::SYS_ioctl, vec![when([equal(1, libc::FIONBIO)?])?, when([equal(1, libc::FIONREAD)?])?]),
        (libc::SYS_prctl, vec![when([equal(0, libc::PR_SET_NAME as u64)?])?]),
        // Its own limits, which the C library asks for where a stack ends; not to change them.
        (libc::SYS_prlimit64, vec![when([equal(0, 0)?, equal(2, 0)?])?]),
        // Its own CPUs, no other process's.
        (libc::SYS_sched_setaffinity, vec![when([equal(0, 0)?])?]),
        // Copies, flags, sizes and seals; not whom a descriptor signals, which could be any process of the user.
        (
            libc::SYS_fcntl,
            COMMANDS.iter().map(|&command| when([equal(1, command as u64)?])).collect::<io::Result<_>>()?,
        ),
        // To abort.
        (libc::SYS_tgkill, vec![when([equal(0, own)?])?]),
    ]))
}

fn when<const N: usize>(conditions: [SeccompCondition; N]) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions.into()).map_err(io::Error::other)
}

fn is(argument: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;
    use rustix::mm::{MapFlags, ProtFlags};
    use std::os::unix::net::{UnixDatagram, UnixStream};

    /// In a thread of its own, which is confined and ends.
    fn confined<T: Send>(body: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                confine_thread().expect("a filter");
                body()
            });
            thread.join().expect("no panic")
        })
    }

    fn refused<T>(outcome: io::Result<T>) -> bool {
        outcome.err().and_then(|error| error.raw_os_error()) == Some(libc::EPERM)
    }

    #[test]
    fn what_reaches_out_is_refused() {
        let elsewhere = UnixDatagram::unbound().expect("a socket");
        confined(|| {
            assert!(refused(std::fs::File::open("/dev/null")));
            assert!(refused(std::fs::metadata("/")));
            assert!(refused(std::fs::remove_file("/none")));
            assert!(refused(UnixStream::connect("/none")));
            assert!(refused(std::net::TcpListener::bind("127.0.0.1:0")));
            assert!(refused(elsewhere.send_to(b"x", "/none")));
            assert!(refused(
                rustix::process::kill_process(getpid(), rustix::process::Signal::URG).map_err(Into::into)
            ));
        });
    }

    #[test]
    fn no_process_and_no_program_is_started() {
        confined(|| {
            // SAFETY: a child would end at once, by a call that runs nothing of this program.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: ends the child.
                unsafe { libc::_exit(1) };
            }
            assert!(child < 0 && refused::<()>(Err(io::Error::last_os_error())));
            let nothing = [std::ptr::null()];
            // SAFETY: a path that ends with a zero, and two empty lists.
            let answer = unsafe { libc::execve(c"/none".as_ptr(), nothing.as_ptr(), nothing.as_ptr()) };
            assert!(answer < 0 && refused::<()>(Err(io::Error::last_os_error())));
        });
    }

    #[test]
    fn other_ways_out_are_refused_as_well() {
        let calls = [
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_open_by_handle_at,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_pidfd_send_signal,
            libc::SYS_execveat,
            libc::SYS_io_uring_setup,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_shmget,
            libc::SYS_mq_open,
            libc::SYS_keyctl,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_chroot,
        ];
        let answers = confined(|| {
            calls.map(|call| {
                // SAFETY: of zeros alone none of these does anything to memory, and the filter answers before it is asked.
                let answer = unsafe { libc::syscall(call, 0, 0, 0, 0, 0, 0) };
                (call, answer, io::Error::last_os_error().raw_os_error())
            })
        });
        for (call, answer, error) in answers {
            assert_eq!((answer, error), (-1, Some(libc::EPERM)), "system call {call}");
        }
    }

    #[test]
    fn memory_is_mapped_and_never_executed() {
        let segment = rustix::fs::memfd_create("segment", rustix::fs::MemfdFlags::CLOEXEC).expect("a memfd");
        rustix::fs::ftruncate(&segment, 4096).expect("4 KiB");
        confined(|| {
            let map = |protection| {
                // SAFETY: a new mapping, where the kernel likes, of a descriptor that is open; it is left to the process.
                unsafe {
                    rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, MapFlags::SHARED, &segment, 0)
                }
            };
            assert!(map(ProtFlags::READ | ProtFlags::WRITE).is_ok());
            assert_eq!(map(ProtFlags::READ | ProtFlags::EXEC), Err(Errno::PERM));
            assert_eq!(vec![1u8; 64 << 20].len(), 64 << 20);
        });
    }

    #[test]
    fn threads_sockets_and_time_work() {
        let (a, b) = UnixStream::pair().expect("a pair");
        confined(|| {
            let echo = std::thread::Builder::new().name("echo".to_owned()).spawn(move || {
                use std::io::{Read, Write};
                let mut byte = [0];
                (&b).read_exact(&mut byte).expect("a byte");
                (&b).write_all(&byte).expect("room");
                // What a confined thread starts is confined.
                refused(std::fs::File::open("/dev/null"))
            });
            let echo = echo.expect("a thread");
            rustix::net::send(&a, b"x", rustix::net::SendFlags::NOSIGNAL).expect("room");
            let mut byte = [0];
            let got = rustix::net::recv(&a, &mut byte, rustix::net::RecvFlags::empty()).expect("a byte");
            assert_eq!((got.0, byte), (1, *b"x"));
            assert!(echo.join().expect("no panic"));
            a.set_nonblocking(true).expect("a mode");
            let (sender, receiver) = std::sync::mpsc::channel();
            std::thread::spawn(move || sender.send(1));
            assert_eq!(receiver.recv(), Ok(1));
            assert!(crate::sys::clock::Clock::system().now() > 0);
        });
    }
}
