//! Files that are there whole or not at all.

use std::fs::{File, OpenOptions, metadata};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Writes a file under a passing name beside it, and then gives it its own in one step: nobody ever sees a part of it, and
/// what was there before stays if there is no room. What is no regular file (a terminal, a pipe) is written as it is; a link
/// keeps its name, and what it points to changes.
///
/// # Errors
/// As the file system says; nothing of ours is left then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if metadata(path).is_ok_and(|found| !found.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    // A link to nothing yet is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The process's mask takes from these what it takes from every new file; a file that is there keeps its own.
    let mode = metadata(&path).map_or(0o666, |found| found.permissions().mode() & 0o777);
    let create = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = tempfile::Builder::new().prefix(".ipcmark-").make_in(directory, create)?;
    // Past the crate, which would add its passing name to what the system says.
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::super::leftovers::ScratchDir;
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::symlink;

    #[test]
    fn new_or_old_and_nothing_beside_it() {
        let scratch = ScratchDir::create().unwrap();
        let at = |name: &str| scratch.path().join(name);
        write_whole(&at("new"), b"one").unwrap();
        fs::set_permissions(at("new"), Permissions::from_mode(0o640)).unwrap();
        symlink("new", at("link")).unwrap();
        write_whole(&at("link"), b"two").unwrap();
        assert_eq!(fs::read(at("new")).unwrap(), b"two");
        assert_eq!(metadata(at("new")).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink(), "it still points there");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_device_stays_a_device_and_a_directory_is_refused() {
        write_whole(Path::new("/dev/null"), b"away").unwrap();
        assert!(!metadata("/dev/null").unwrap().is_file());
        let full = write_whole(Path::new("/dev/full"), b"away").unwrap_err();
        assert_eq!(full.raw_os_error(), Some(libc::ENOSPC));
        let scratch = ScratchDir::create().unwrap();
        assert!(write_whole(scratch.path(), b"").is_err());
        let nowhere = write_whole(&scratch.path().join("none/file"), b"").unwrap_err();
        assert_eq!(nowhere.raw_os_error(), Some(libc::ENOENT), "{nowhere}");
    }
}
