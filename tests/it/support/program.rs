//! The program itself, run as a shell would: in a directory of its own, with a place of its own for temporary files.

use super::processes::pid;
use ipcmark::sys::leftovers::ScratchDir;
use ipcmark::sys::process::{Process, readable};
use rustix::process::Signal;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// No command of a test takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// What is tested.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ipcmark");

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where commands are run. All of it goes with the value.
pub(crate) struct Place(ScratchDir);

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place(ScratchDir::create().expect("a scratch directory"));
        for part in ["work", "tmp", "log"] {
            fs::create_dir(place.0.path().join(part)).expect("a directory in it");
        }
        place
    }

    /// A path in the commands' working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("work").join(name)
    }

    /// Their `TMPDIR`.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.0.path().join("tmp")
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file in the working directory");
    }

    /// Names in the working directory, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).expect("the working directory").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The command, to be given other streams or variables than the usual ones.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.at_home(PROGRAM, args)
    }

    /// A shell's script, in which the command is `"$0" "$@"`.
    pub(crate) fn script(&self, script: &str, args: &[&str]) -> Command {
        self.at_home("sh", &[&["-c", script, PROGRAM], args].concat())
    }

    /// The same in a namespace of mounts of its own: what it mounts nobody else sees, and is gone with it.
    pub(crate) fn mounting(&self, script: &str, args: &[&str]) -> Command {
        let unshare = [if is_root() { "-m" } else { "-rm" }, "sh", "-ec", script, PROGRAM];
        self.at_home("unshare", &[&unshare, args].concat())
    }

    fn at_home(&self, program: &str, args: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the command line is tested from outside")]
        let mut command = Command::new(program);
        command.args(args).current_dir(self.path("")).env("TMPDIR", self.tmp()).env_remove("NO_COLOR");
        command.stdin(Stdio::null());
        command
    }

    /// Starts a command whose output goes to files, which no reader has to keep empty.
    pub(crate) fn start(&self, args: &[&str]) -> Started {
        self.start_command(self.command(args))
    }

    pub(crate) fn start_command(&self, mut command: Command) -> Started {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed); // only uniqueness matters
        let [out, err] = ["out", "err"].map(|name| self.0.path().join("log").join(format!("{n}.{name}")));
        let create = |path: &PathBuf| File::create(path).expect("a log file");
        let child = command.stdout(create(&out)).stderr(create(&err)).spawn().expect("the program");
        let process = Process::hold(pid(child.id())).expect("our child");
        Started { child, process, out, err }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.start(args).wait()
    }

    /// Runs a command that must succeed; answers its standard output.
    pub(crate) fn output(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
        ended.stdout
    }
}

/// A command under way. Dropping it ends it.
pub(crate) struct Started {
    child: Child,
    process: Process,
    out: PathBuf,
    err: PathBuf,
}

impl Started {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) {
        super::processes::signal(self.pid(), signal);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        assert!(readable(self.process.as_fd(), LIMIT), "the command does not end");
        let status = self.child.wait().expect("our child");
        let read =
            |path: &PathBuf| String::from_utf8(fs::read(path).expect("a log file")).expect("output in UTF-8");
        Ended { code: status.code(), stdout: read(&self.out), stderr: read(&self.err) }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.process.kill();
        // Its end was asked for, or has been seen by `wait`.
        let _ = self.child.wait();
    }
}

/// What a command left.
pub(crate) struct Ended {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}
