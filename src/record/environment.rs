//! The fingerprint of the host and of the program: `environment.json` beside the records.

use super::id::now_utc;
use super::row::SCHEMA;
use crate::sys::clock::{Clock, ClockFacts, kernel_clocksource};
use crate::sys::counters;
use crate::sys::cpu::allowed;
use crate::sys::landlock;
use crate::trial::copy_rates;
use rustix::system::uname;
use serde::{Deserialize, Serialize};
use std::fs::read_to_string;

/// What a reader must know to judge a run, or to repeat it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// As in the records.
    pub schema: u32,
    /// Which run.
    pub run: String,
    /// The exact command.
    pub command: Vec<String>,
    /// When it began.
    pub started: String,
    /// When it ended; `None` while it runs, and for ever if it crashed.
    pub finished: Option<String>,
    /// When it was taken up again, each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<String>,
    /// Whether trials are missing that the plan had.
    pub partial: bool,
    /// The run's seed.
    pub seed: u64,
    /// Version of ipcmark.
    pub version: String,
    /// `release` or `debug`.
    pub profile: String,
    /// The machine.
    pub host: Host,
}

/// The machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Kernel name, release and machine.
    pub kernel: String,
    /// CPU, as the kernel calls it.
    pub cpu: String,
    /// CPUs that the run may use.
    pub cpus: Vec<usize>,
    /// Whether a hypervisor is below.
    pub virtual_machine: bool,
    /// Frequency governor of the first CPU, if it has one.
    pub governor: Option<String>,
    /// The kernel's clock source.
    pub clocksource: String,
    /// Our clock.
    pub clock: ClockFacts,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes that one CPU copied in a second from cache to cache when the run began, by the size of a copy.
    #[serde(default)]
    pub copies: Vec<(usize, f64)>,
    /// Why hardware counters are in no record; `None` if they are (but for renderers that are threads).
    #[serde(default)]
    pub no_counters: Option<String>,
    /// Version of the kernel's Landlock, by which sandboxed renderers give up their rights to files; `None` without it.
    #[serde(default)]
    pub landlock: Option<u32>,
}

impl Environment {
    /// Of a run that begins now.
    pub fn capture(run: &str, seed: u64) -> Environment {
        Environment {
            schema: SCHEMA,
            run: run.to_owned(),
            // Not `args`, which panics on a path that is no text.
            command: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            started: now_utc(),
            finished: None,
            resumed: Vec::new(),
            partial: true,
            seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            host: Host::capture(),
        }
    }

    /// What makes two environments different ones, for figures.
    pub fn differences(&self, other: &Environment) -> Vec<String> {
        let parts = [
            ("host", &self.host.name, &other.host.name),
            ("kernel", &self.host.kernel, &other.host.kernel),
            ("CPU", &self.host.cpu, &other.host.cpu),
            ("clock source", &self.host.clocksource, &other.host.clocksource),
            ("build profile", &self.profile, &other.profile),
        ];
        let differ = parts.into_iter().filter(|(_, one, other)| one != other);
        differ.map(|(what, one, other)| format!("{what} is {one} and {other}")).collect()
    }
}

impl Host {
    /// Of this machine.
    pub fn capture() -> Host {
        let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let name = uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        let memory = read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
        Host {
            name: text(name.nodename()),
            kernel: format!("{} {} {}", text(name.sysname()), text(name.release()), text(name.machine())),
            cpu: field("model name").unwrap_or_else(|| "unknown".to_owned()),
            cpus: allowed().unwrap_or_default(),
            virtual_machine: field("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            governor: read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .ok()
                .map(|governor| governor.trim().to_owned()),
            clocksource: kernel_clocksource(),
            clock: Clock::system().measure(),
            memory_bytes: kib.unwrap_or(0) * 1024,
            copies: copy_rates(),
            no_counters: counters::absent(),
            landlock: landlock::version(),
        }
    }
}
