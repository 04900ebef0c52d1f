//! Names that a crash can leave behind, and their removal at the next start.
//!
//! Everything ipcmark names outside its own processes (shared-memory objects, message queues, scratch directories) carries the
//! owner's process id and start time: `ipcmark-<pid>-<start>-<n>x<chance>`. A process id alone would be reused. Chance keeps
//! another user from making all of our next names before us; a name that is there is never taken over.

use super::chance::unguessable;
use rustix::process::{Pid, geteuid, getpid};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "ipcmark-";

/// Where POSIX shared-memory objects lie on Linux (`shm_overview(7)`).
pub const SHM_DIR: &str = "/dev/shm";

/// Where message queues lie, on hosts that show them (`mq_overview(7)`). Their names live for two system calls.
const QUEUE_DIR: &str = "/dev/mqueue";

/// A name that no other living process uses and that nobody can guess, without a directory or a leading slash.
///
/// # Errors
/// If there is no descriptor left to find out when this process started: under a name without that, the next start
/// would take us for dead.
pub fn fresh_name() -> io::Result<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let pid = getpid().as_raw_nonzero().get();
    let stat = fs::read_to_string("/proc/self/stat")?;
    let start = start_time_in(&stat).ok_or_else(|| io::Error::other("/proc/self/stat has no start time"))?;
    let n = NEXT.fetch_add(1, Ordering::Relaxed); // only uniqueness matters
    let chance = u32::from_ne_bytes(unguessable()?);
    Ok(format!("{PREFIX}{pid}-{start}-{n}x{chance:08x}"))
}

/// Removes what dead owners left in `/dev/shm`, among message queues, and in the directory for temporary files. Returns the
/// paths removed; what belongs to another user or to a living process is left alone.
pub fn sweep() -> Vec<PathBuf> {
    [Path::new(SHM_DIR), Path::new(QUEUE_DIR), &std::env::temp_dir()].into_iter().flat_map(sweep_in).collect()
}

/// Removes what one process that has been killed left in `/dev/shm`, without waiting for the next start.
pub fn sweep_of(pid: Pid) {
    sweep_names(Path::new(SHM_DIR), &format!("{PREFIX}{}-", pid.as_raw_nonzero()));
}

/// What a process has names for in `/dev/shm` and among message queues, and all that there is in this directory.
pub fn names_of(pid: Pid, scratch: &Path) -> Vec<PathBuf> {
    let prefix = format!("{PREFIX}{}-", pid.as_raw_nonzero());
    let its = |path: &PathBuf| {
        path.starts_with(scratch)
            || path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
    };
    let places = [Path::new(SHM_DIR), Path::new(QUEUE_DIR), scratch];
    let entries = places.into_iter().flat_map(fs::read_dir).flatten().flatten();
    entries.map(|entry| entry.path()).filter(its).collect()
}

fn sweep_in(directory: &Path) -> Vec<PathBuf> {
    sweep_names(directory, PREFIX)
}

fn sweep_names(directory: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let is_dead = |name: &str| name.starts_with(prefix) && is_orphan(name) == Some(true);
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_dead))
        .map(|entry| entry.path())
        .filter(|path| is_ours(path) && remove(path))
        .collect()
}

/// Whether it belongs to this user. The system would let root remove what is another's.
fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.uid() == geteuid().as_raw())
}

/// Whether it was there and could be removed.
fn remove(path: &Path) -> bool {
    // `symlink_metadata`: a link planted under our name is removed as a link, never followed.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).is_ok(),
        Ok(_) => fs::remove_file(path).is_ok(),
        Err(_) => false,
    }
}

/// Removes everything in `/dev/shm` whose name begins with `name` and a dot: what a library named on behalf of the
/// owner of that [`fresh_name`].
pub fn remove_family(name: &str) {
    let Ok(entries) = fs::read_dir(SHM_DIR) else { return };
    let ours = |entry: &fs::DirEntry| {
        entry.file_name().to_str().and_then(|found| found.strip_prefix(name)?.strip_prefix('.')).is_some()
    };
    for path in entries.flatten().filter(ours).map(|entry| entry.path()) {
        remove(&path);
    }
}

/// Whether `name` is one of ours and its owner is gone; `None` if it is not one of ours.
fn is_orphan(name: &str) -> Option<bool> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '-');
    let pid: i32 = parts.next()?.parse().ok()?;
    let start: u64 = parts.next()?.parse().ok()?;
    parts.next()?;
    Some(start_time(pid) != Some(start))
}

/// When a process started, in clock ticks since boot; `None` if there is none that runs.
fn start_time(pid: i32) -> Option<u64> {
    start_time_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Field 22 of `stat` (`proc(5)`), unless the process has ended and only waits to be reaped, perhaps for ever.
fn start_time_in(stat: &str) -> Option<u64> {
    // The command's name is in parentheses and may hold anything: count from the last one.
    let mut after_name = stat[stat.rfind(')')? + 1..].split_whitespace();
    match after_name.next()? {
        "Z" | "X" => None,
        _ => after_name.nth(18)?.parse().ok(),
    }
}

/// A directory for temporary files that goes when this value does, or at the next start after a crash.
#[derive(Debug)]
pub struct ScratchDir(PathBuf);

impl ScratchDir {
    /// Creates it in the system's place for temporary files, for this user alone (mode 0700).
    ///
    /// # Errors
    /// Also if something has its name: it is not taken over, were it a link to a directory.
    pub fn create() -> io::Result<ScratchDir> {
        ScratchDir::at(std::env::temp_dir().join(fresh_name()?))
    }

    fn at(path: PathBuf) -> io::Result<ScratchDir> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(ScratchDir(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // Failure leaves it to the next start's sweep.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_dead_owners_are_orphans() {
        assert_eq!(is_orphan(&fresh_name().unwrap()), Some(false));
        let pid = getpid().as_raw_nonzero().get();
        assert_eq!(is_orphan(&format!("ipcmark-{pid}-1-0")), Some(true), "same pid, other start: reused");
        assert_eq!(is_orphan("ipcmark-notes.txt"), None);
        assert_eq!(is_orphan("somebody-1-1-1"), None);
    }

    #[test]
    fn a_process_that_waits_to_be_reaped_is_gone() {
        let stat = |state| format!("7 (a) b) {state} 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0");
        assert_eq!(start_time_in(&stat("S")), Some(4242));
        assert_eq!(start_time_in(&stat("Z")), None);
    }

    #[test]
    fn a_family_goes_without_its_likes() {
        let name = fresh_name().unwrap();
        let at = |end: &str| Path::new(SHM_DIR).join(format!("{name}{end}"));
        fs::create_dir(at(".nodes")).unwrap();
        fs::write(at(".nodes").join("one"), "").unwrap();
        fs::write(at(".data"), "").unwrap();
        fs::write(at("0.data"), "").unwrap();
        remove_family(&name);
        assert!(!at(".nodes").exists() && !at(".data").exists());
        fs::remove_file(at("0.data")).expect("another's, whose number begins alike");
    }

    #[test]
    fn the_sweep_takes_orphans_and_nothing_else() {
        let scratch = ScratchDir::create().unwrap();
        let here = scratch.path();
        fs::write(here.join("ipcmark-1-999999999-0"), "").unwrap();
        fs::create_dir(here.join("ipcmark-1-999999999-1")).unwrap();
        fs::write(here.join(fresh_name().unwrap()), "").unwrap();
        fs::write(here.join("other"), "").unwrap();
        assert_eq!(sweep_in(here).len(), 2);
        assert_eq!(fs::read_dir(here).unwrap().count(), 2);
    }

    #[test]
    fn what_belongs_to_another_user_stays() {
        let scratch = ScratchDir::create().unwrap();
        let orphan = scratch.path().join("ipcmark-1-999999999-0");
        fs::write(&orphan, "").unwrap();
        if std::os::unix::fs::chown(&orphan, Some(65_534), None).is_err() {
            return; // only root gives files away, and only root could remove another's
        }
        assert_eq!(sweep_in(scratch.path()), Vec::<PathBuf>::new());
        assert!(orphan.exists());
    }

    #[test]
    fn a_directory_is_never_taken_over() {
        let scratch = ScratchDir::create().unwrap();
        let [there, link] = ["there", "link"].map(|name| scratch.path().join(name));
        fs::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(&there, &link).unwrap();
        for taken in [there, link] {
            assert_eq!(ScratchDir::at(taken.clone()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert!(taken.exists(), "and it is left to its owner");
        }
    }

    #[test]
    fn the_next_name_is_no_guess() {
        let chance = |name: String| name.rsplit_once('x').map(|(_, chance)| chance.to_owned()).unwrap();
        let [one, other] = [(); 2].map(|()| chance(fresh_name().unwrap()));
        assert!(one.len() == 8 && one != other, "{one} {other}");
    }
}
