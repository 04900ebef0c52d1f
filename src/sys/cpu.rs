//! CPUs: which may be used, pinning to one of them, and what a process or thread has consumed.

use super::counters::{self, Counts};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};
use std::io;

/// Numbers of the CPUs that the calling thread may run on, ascending.
pub fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// Restricts the calling thread (and what it starts later) to the given CPUs.
pub fn restrict(cpus: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|&cpu| set.set(cpu));
    Ok(sched_setaffinity(None, &set)?)
}

/// Bytes of the largest cache of the first CPU, as the kernel says (`sysfs(5)`); 32 MiB where it does not.
pub fn last_level_cache() -> usize {
    let sizes = (0..8).filter_map(|index| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
        let text = std::fs::read_to_string(path).ok()?;
        let kibibytes: usize = text.trim().strip_suffix('K')?.parse().ok()?;
        Some(kibibytes << 10)
    });
    sizes.max().unwrap_or(32 << 20)
}

/// Whose consumption [`Usage::now`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// All threads of the calling process.
    Process,
    /// The calling thread alone.
    Thread,
}

/// Consumption as the kernel accounts it: times in nanoseconds (to the microsecond), counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Time in user mode.
    pub user_ns: u64,
    /// Time in the kernel.
    pub sys_ns: u64,
    /// Times the CPU was given up to wait.
    pub voluntary_switches: u64,
    /// Times the CPU was taken away.
    pub involuntary_switches: u64,
    /// Page faults served without reading a disk.
    pub minor_faults: u64,
    /// What hardware counted, of a whole process where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<Counts>,
}

impl Usage {
    /// What has been consumed so far (`getrusage(2)`).
    pub fn now(scope: Scope) -> Usage {
        let who = match scope {
            Scope::Process => libc::RUSAGE_SELF,
            Scope::Thread => libc::RUSAGE_THREAD,
        };
        let mut raw = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: `raw` is a valid, writable `rusage`; `who` is one of the two constants the call accepts.
        let status = unsafe { libc::getrusage(who, raw.as_mut_ptr()) };
        debug_assert_eq!(status, 0, "getrusage fails only on a bad argument");
        // SAFETY: all bits zero is a valid `rusage`, and the kernel has filled it.
        let raw = unsafe { raw.assume_init() };
        let ns = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
        Usage {
            user_ns: ns(raw.ru_utime),
            sys_ns: ns(raw.ru_stime),
            voluntary_switches: raw.ru_nvcsw as u64,
            involuntary_switches: raw.ru_nivcsw as u64,
            minor_faults: raw.ru_minflt as u64,
            hardware: counters::read().filter(|_| scope == Scope::Process),
        }
    }

    /// What was consumed since `earlier`.
    pub fn since(self, earlier: Usage) -> Usage {
        self.zip(earlier, u64::saturating_sub)
    }

    /// The sum of two consumptions.
    pub fn plus(self, other: Usage) -> Usage {
        self.zip(other, u64::saturating_add)
    }

    /// User and system time together, in nanoseconds.
    pub fn cpu_ns(self) -> u64 {
        self.user_ns + self.sys_ns
    }

    fn zip(self, other: Usage, join: impl Fn(u64, u64) -> u64) -> Usage {
        Usage {
            user_ns: join(self.user_ns, other.user_ns),
            sys_ns: join(self.sys_ns, other.sys_ns),
            voluntary_switches: join(self.voluntary_switches, other.voluntary_switches),
            involuntary_switches: join(self.involuntary_switches, other.involuntary_switches),
            minor_faults: join(self.minor_faults, other.minor_faults),
            hardware: self.hardware.zip(other.hardware).map(|(own, other)| own.zip(other, &join)),
        }
    }
}

/// CPU time that the calling thread has had, in nanoseconds, up to now (`clock_gettime(2)`): [`Usage`] of a thread that runs is as old
/// as the last tick of its CPU, up to 4 ms.
pub fn thread_time_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Time that the hypervisor gave to others while these CPUs wanted to run, in clock ticks since boot
/// (`steal` of `/proc/stat`, summed over all CPUs; 0 where the kernel does not say).
pub fn steal_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let total = stat.lines().next().unwrap_or_default();
    total.split_whitespace().nth(8).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// Length of one of the ticks of [`steal_ticks`], in nanoseconds.
pub fn tick_ns() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restricted_thread_sees_only_its_cpu() {
        std::thread::spawn(|| {
            let cpus = allowed().unwrap();
            let last = *cpus.last().unwrap();
            restrict(&[last]).unwrap();
            assert_eq!(allowed().unwrap(), [last]);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn work_shows_in_the_usage_of_its_thread() {
        let before = Usage::now(Scope::Thread);
        let begin = super::super::clock::Clock::system();
        let until = begin.now() + 20_000_000;
        while begin.now() < until {
            std::hint::spin_loop();
        }
        assert!(Usage::now(Scope::Thread).since(before).cpu_ns() > 0);
    }
}
