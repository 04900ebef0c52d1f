//! A terminal that is none: what a program does to it is seen from the other side (`pty(7)`).

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};
use std::io;
use std::os::fd::OwnedFd;

/// Both sides. The program's own stays open here, so that what it wrote can be read after its end.
#[derive(Debug)]
pub struct Terminal {
    ours: OwnedFd,
    theirs: OwnedFd,
    before: String,
}

impl Terminal {
    /// Opens one of 80 columns.
    ///
    /// # Errors
    /// If the system has none.
    pub fn open() -> io::Result<Terminal> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        tcsetwinsize(&theirs, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })?;
        let mut terminal = Terminal { ours, theirs, before: String::new() };
        terminal.before = terminal.modes()?;
        Ok(terminal)
    }

    /// For a program to write to.
    ///
    /// # Errors
    /// If there are no descriptors left.
    pub fn side(&self) -> io::Result<OwnedFd> {
        self.theirs.try_clone()
    }

    fn modes(&self) -> io::Result<String> {
        Ok(format!("{:?}", tcgetattr(&self.theirs)?))
    }

    /// What was written to it since the last call, without waiting for more. To be called while a program writes: a terminal
    /// that nobody reads is full soon, and its writer waits.
    ///
    /// # Errors
    /// As the system says.
    pub fn take(&self) -> io::Result<Vec<u8>> {
        let mut taken = Vec::new();
        let mut some = [0; 4096];
        while poll(&mut [PollFd::new(&self.ours, PollFlags::IN)], Some(&Timespec::default()))? > 0 {
            match rustix::io::read(&self.ours, &mut some)? {
                0 => break,
                count => taken.extend_from_slice(&some[..count]),
            }
        }
        Ok(taken)
    }

    /// What is not as it was, once the program has ended and had written all of this: a mode, or a cursor that stays hidden.
    ///
    /// # Errors
    /// As the system says.
    pub fn left_changed(&self, written: &[u8]) -> io::Result<Option<&'static str>> {
        let last = |sequence: &[u8]| written.windows(sequence.len()).rposition(|found| found == sequence);
        Ok(if self.modes()? != self.before {
            Some("the terminal's modes are not what they were")
        } else if last(b"\x1b[?25l") > last(b"\x1b[?25h") {
            Some("the cursor stays hidden")
        } else {
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::termios::{LocalModes, OptionalActions, tcsetattr};

    #[test]
    fn what_is_left_changed_is_seen() {
        let terminal = Terminal::open().unwrap();
        rustix::io::write(&terminal.theirs, b"text").unwrap();
        assert_eq!(terminal.take().unwrap(), b"text");
        for (written, wrong) in [
            (&b"no sequence"[..], false),
            (b"\x1b[?25l\x1b[?25h", false),
            (b"\x1b[?25h\x1b[?25l", true),
            (b"\x1b[?25l", true),
        ] {
            assert_eq!(terminal.left_changed(written).unwrap().is_some(), wrong, "{written:?}");
        }
        let mut modes = tcgetattr(&terminal.theirs).unwrap();
        modes.local_modes.toggle(LocalModes::ECHO);
        tcsetattr(&terminal.theirs, OptionalActions::Now, &modes).unwrap();
        assert!(terminal.left_changed(b"").unwrap().is_some());
    }
}
