//! One monotonic clock in integer nanoseconds, comparable between the processes of this host.
//!
//! Where the time-stamp counter is invariant *and* the kernel itself keeps time by it, a reading is one `rdtsc`
//! (about 10 ns on the machines we know); elsewhere it is `clock_gettime(CLOCK_MONOTONIC)` through the vDSO
//! (about 20 ns). The scale is measured once per run and handed to every child, so that two processes never
//! disagree about it.

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// Where a [`Clock`] takes its readings from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The CPU's time-stamp counter, scaled to the kernel's monotonic clock.
    Tsc,
    /// `CLOCK_MONOTONIC` through the vDSO.
    Monotonic,
}

/// A clock that children can be handed: a source and its scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    source: Source,
    /// Counter reading at which the clock stood at `origin_ns`.
    origin_ticks: u64,
    origin_ns: u64,
    /// Nanoseconds per tick, scaled by 2³².
    scale: u64,
}

/// What a reading costs and how fine it is, measured by [`Clock::measure`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ClockFacts {
    /// Where readings come from.
    pub source: Source,
    /// Smallest step seen between two readings that differ, in nanoseconds.
    pub step_ns: u64,
    /// Mean cost of one reading, in nanoseconds.
    pub cost_ns: f64,
}

/// This process's clock, once it is known.
static CLOCK: OnceLock<Clock> = OnceLock::new();

impl Clock {
    /// This host's clock. The first call measures the counter's scale for about 20 ms, unless one was
    /// [installed](Self::install).
    pub fn system() -> Clock {
        *CLOCK.get_or_init(|| if tsc_is_trusted() { Clock::calibrate_tsc() } else { Clock::monotonic() })
    }

    /// Makes a clock that another process of this host measured this process's own. Too late, and without effect, if it
    /// has one already: then the two agree as well as two measurements do.
    pub fn install(self) {
        let _ = CLOCK.set(self);
    }

    /// The kernel's clock, whatever the CPU offers.
    pub fn monotonic() -> Clock {
        Clock { source: Source::Monotonic, origin_ticks: 0, origin_ns: 0, scale: 0 }
    }

    /// Nanoseconds since an origin that all processes of this host share.
    #[inline]
    pub fn now(&self) -> u64 {
        match self.source {
            Source::Tsc => {
                let ticks = ticks().wrapping_sub(self.origin_ticks);
                // A counter that was set back (a host that moved the machine) gives a wrong time, which is seen beside the kernel's.
                self.origin_ns.wrapping_add(((u128::from(ticks) * u128::from(self.scale)) >> 32) as u64)
            }
            Source::Monotonic => monotonic_ns(),
        }
    }

    /// Where readings come from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// This clock's reading and the kernel's, of the same moment.
    pub fn beside_kernel(&self) -> Beside {
        let (ns, kernel_ns) = beside_kernel(|| self.now());
        Beside { ns, kernel_ns }
    }

    /// Measures step and cost on the calling thread (about 1 ms).
    pub fn measure(&self) -> ClockFacts {
        let mut step_ns = u64::MAX;
        for _ in 0..2_000 {
            let first = self.now();
            let mut second = self.now();
            while second == first {
                second = self.now();
            }
            step_ns = step_ns.min(second - first);
        }
        const READINGS: u32 = 20_000;
        let begin = self.now();
        for _ in 0..READINGS {
            std::hint::black_box(self.now());
        }
        let cost_ns = (self.now() - begin) as f64 / f64::from(READINGS);
        ClockFacts { source: self.source, step_ns, cost_ns }
    }

    fn calibrate_tsc() -> Clock {
        let (ticks_0, ns_0) = beside_kernel(ticks);
        let until = ns_0 + 20_000_000;
        while monotonic_ns() < until {
            std::hint::spin_loop();
        }
        let (ticks_1, ns_1) = beside_kernel(ticks);
        let scale = ((u128::from(ns_1 - ns_0) << 32) / u128::from(ticks_1 - ticks_0)) as u64;
        Clock { source: Source::Tsc, origin_ticks: ticks_1, origin_ns: ns_1, scale }.checked()
    }

    /// Falls back to the kernel's clock if the counter does not tick (an emulator, a trapping hypervisor).
    fn checked(self) -> Clock {
        if self.scale == 0 { Clock::monotonic() } else { self }
    }
}

/// Two clocks at one moment, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    ns: u64,
    kernel_ns: u64,
}

impl Beside {
    /// What the clock says has passed since, as a multiple of what the kernel says: 1, unless one of them jumped.
    pub fn ratio_since(self, earlier: Beside) -> f64 {
        let passed = |now: u64, then: u64| now.wrapping_sub(then).cast_signed() as f64;
        passed(self.ns, earlier.ns) / passed(self.kernel_ns, earlier.kernel_ns).max(1.0)
    }
}

fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A reading and the kernel's clock at one moment: the tightest of several brackets, so that nobody was interrupted in it.
fn beside_kernel(read: impl Fn() -> u64) -> (u64, u64) {
    (0..16)
        .map(|_| {
            let before = read();
            let ns = monotonic_ns();
            let width = read().wrapping_sub(before);
            (width, before.wrapping_add(width / 2), ns)
        })
        .min_by_key(|&(width, _, _)| width)
        .map(|(_, reading, ns)| (reading, ns))
        .unwrap_or_default()
}

/// The raw counter. Unordered on purpose: a fence would double the cost, and both ends of an interval shift alike.
#[cfg(target_arch = "x86_64")]
#[inline]
fn ticks() -> u64 {
    // SAFETY: `rdtsc` reads a register; Linux leaves it enabled for user space, and `tsc_is_trusted` saw the kernel
    // itself use it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn ticks() -> u64 {
    0
}

/// Invariant by the CPU's word, and chosen by the kernel, which tests it against other timers at boot.
fn tsc_is_trusted() -> bool {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let has = |flag| flags.split_whitespace().any(|word| word == flag);
    cfg!(target_arch = "x86_64") && has("constant_tsc") && has("nonstop_tsc") && kernel_clocksource() == "tsc"
}

/// Name of the kernel's clock source (`tsc`, `kvm-clock`, `hpet` …), empty if unknown.
pub fn kernel_clocksource() -> String {
    std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_runs_backwards_and_agrees_with_the_kernel() {
        let clock = Clock::system();
        let (kernel_0, own_0) = (monotonic_ns(), clock.now());
        let mut last = own_0;
        for _ in 0..100_000 {
            let now = clock.now();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        let (kernel, own) = (monotonic_ns() - kernel_0, last - own_0);
        // Generous: the two readings are not simultaneous, and another process may run in between.
        assert!(own.abs_diff(kernel) < kernel / 50 + 20_000_000, "own {own} kernel {kernel}");
    }

    #[test]
    fn a_clock_that_jumps_is_seen_beside_the_kernels() {
        let clock = Clock::system();
        let begin = clock.beside_kernel();
        while clock.now() - begin.ns < 5_000_000 {}
        let end = clock.beside_kernel();
        assert!((end.ratio_since(begin) - 1.0).abs() < 0.002, "{begin:?} {end:?}");
        let hundredth = (end.ns - begin.ns).cast_signed() / 100;
        for jump in [3_600_000_000_000, hundredth, -hundredth, -3_600_000_000_000] {
            let jumped = Beside { ns: end.ns.wrapping_add_signed(jump), ..end };
            assert!((jumped.ratio_since(begin) - 1.0).abs() > 0.007, "{jump}");
        }
    }

    #[test]
    fn a_clock_survives_the_way_to_a_child() {
        let clock = Clock::system();
        let text = serde_json::to_string(&clock).unwrap();
        assert_eq!(serde_json::from_str::<Clock>(&text).unwrap(), clock);
    }
}
