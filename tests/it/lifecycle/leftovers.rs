//! What a crash leaves in `/dev/shm` and among temporary files is gone after the next start; what is alive stays.

use crate::support::processes::{busy_trial_of, children, ended, eventually, hold};
use crate::support::program::Place;
use crate::test;
use ipcmark::sys::leftovers::{SHM_DIR, fresh_name};
use libtest_mimic::Trial;
use rustix::process::Signal;
use std::path::{Path, PathBuf};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("lifecycle::a killed run's temporary files go at the next start", temporary_files),
        test("lifecycle::a run killed while it connects leaves no segment after the next start", segments),
        test("lifecycle::the next start removes what the dead own and nothing else", dead_and_alive),
    ]
}

/// The cheapest command that tidies up.
fn next_start(place: &Place) {
    place.output(&[
        "verify",
        "--transport",
        "null",
        "--workload",
        "invoke",
        "--set",
        "payload=64",
        "--set",
        "windows=1",
    ]);
}

/// Entries of a directory that begin with `prefix`.
fn names(directory: &Path, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(prefix)).collect()
}

fn temporary_files() {
    let place = Place::new();
    let args =
        ["run", "--transport", "ipc-channel", "--workload", "invoke", "--set", "pin=same", "--time", "30"];
    let command = place.start(&args);
    let (main, renderer) = busy_trial_of(command.pid());
    let processes = hold(&[main, renderer]);
    command.signal(Signal::KILL);
    command.wait();
    ended(&processes);
    assert_eq!(names(&place.tmp(), "ipcmark-").len(), 1, "a killed command cannot tidy up itself");
    next_start(&place);
    assert_eq!(names(&place.tmp(), ""), Vec::<String>::new());
}

/// Segments have names only until the last of many windows has connected: that is when the command is killed.
fn segments() {
    let place = Place::new();
    let args =
        ["run", "--transport", "shm", "--workload", "broadcast", "--set", "windows=64", "--set", "pin=free"];
    let command = place.start(&args);
    let of_main = |main| names(Path::new(SHM_DIR), &format!("ipcmark-{main}-"));
    let main = eventually("a segment", || {
        children(command.pid()).into_iter().find(|&main| !of_main(main).is_empty())
    });
    let processes = hold(&[main]);
    command.signal(Signal::KILL);
    command.wait();
    ended(&processes);
    next_start(&place);
    assert_eq!(of_main(main), Vec::<String>::new());
}

fn dead_and_alive() {
    let place = Place::new();
    let dead = {
        let command = place.start(&["list"]);
        let pid = command.pid();
        command.wait();
        pid
    };
    // Another start time with the number of a process that runs is somebody who is dead.
    let alive = fresh_name().expect("a name");
    let pid = std::process::id();
    let orphans =
        [format!("ipcmark-{dead}-1-0"), format!("ipcmark-{dead}-2-it"), format!("ipcmark-{pid}-1-0")];
    let kept = [alive, format!("ipcmark-{dead}.txt"), format!("it-{dead}-1-0")];
    let directories = [PathBuf::from(SHM_DIR), place.tmp()];
    for path in
        directories.iter().flat_map(|directory| orphans.iter().chain(&kept).map(|name| directory.join(name)))
    {
        std::fs::write(path, "left").expect("a file");
    }
    std::fs::create_dir(place.tmp().join(format!("ipcmark-{dead}-1-9"))).expect("a directory");
    std::fs::write(place.tmp().join(format!("ipcmark-{dead}-1-9/socket")), "").expect("a file in it");
    next_start(&place);
    for directory in &directories {
        for name in &orphans {
            assert!(!directory.join(name).exists(), "{name} is left in {directory:?}");
        }
        for name in &kept {
            std::fs::remove_file(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    assert_eq!(names(&place.tmp(), ""), Vec::<String>::new());
}
