//! What a person can do about what the system refused.

use rustix::io::Errno;
use std::io::{Error, ErrorKind};

/// An error in words, and what helps where something does.
pub fn explained(error: &Error) -> String {
    match advice(error) {
        Some(advice) => format!("{error}: {advice}"),
        None => error.to_string(),
    }
}

/// The same for an error of any kind.
pub fn explained_any(error: &(dyn std::error::Error + 'static)) -> String {
    error.downcast_ref::<Error>().map_or_else(|| error.to_string(), explained)
}

fn advice(error: &Error) -> Option<&'static str> {
    let number = Errno::from_io_error(error);
    if number.is_none() && error.get_ref().is_some() {
        return None; // in words of ours, which have said it
    }
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("make room there, or choose another place"),
        ErrorKind::ReadOnlyFilesystem => Some("choose a place that can be written"),
        ErrorKind::PermissionDenied if number == Some(Errno::ACCESS) => {
            Some("this user may not; choose a place of your own")
        }
        ErrorKind::OutOfMemory => Some(
            "there is not enough memory for this (`ulimit -v`, the control group): choose a smaller payload or fewer windows",
        ),
        _ => match number? {
            Errno::MFILE => {
                Some("this process has no descriptors left: raise `ulimit -n`, or choose fewer windows")
            }
            Errno::NFILE => Some("the machine has no descriptors left: raise `fs.file-max`"),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_is_told_with_what_helps() {
        let said = |number| explained(&Error::from_raw_os_error(number));
        for (number, part) in [
            (libc::ENOSPC, "make room"),
            (libc::EDQUOT, "make room"),
            (libc::EROFS, "can be written"),
            (libc::EACCES, "of your own"),
            (libc::ENOMEM, "smaller payload"),
            (libc::EMFILE, "ulimit -n"),
            (libc::ENFILE, "fs.file-max"),
        ] {
            assert!(said(number).contains(part), "{}", said(number));
        }
        assert_eq!(
            explained(&ErrorKind::StorageFull.into()),
            "no storage space: make room there, or choose another place"
        );
        let once = explained(&Error::new(ErrorKind::StorageFull, said(libc::ENOSPC)));
        assert_eq!(once.matches("make room").count(), 1, "{once}");
        // A filter of system calls refuses with this one, and no place helps.
        assert_eq!(said(libc::EPERM), Error::from_raw_os_error(libc::EPERM).to_string());
    }
}
