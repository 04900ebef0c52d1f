//! Who may come in: any process of the host can reach a port of loopback, and only a renderer knows its ticket.
//!
//! All who have come are waited for at once, each for a while only, so that a stranger who says nothing, or half of something, keeps
//! nobody out. One who knows no ticket is dropped, and so is the oldest where many wait.

use crate::sys::clock::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What a renderer shows first: 128 bits of chance.
pub(super) type Ticket = [u8; 16];

/// A connection that has not shown its ticket by then is not one of ours.
const LIMIT: Duration = Duration::from_secs(1);
/// Most that wait to be asked, besides the renderers.
const STRANGERS: usize = 64;

/// Where renderers come in.
pub(super) struct Door<'a> {
    listener: &'a TcpListener,
    tickets: &'a [Ticket],
    clock: Clock,
    /// In the order in which they came.
    waiting: Vec<Guest>,
    admitted: Vec<Option<TcpStream>>,
}

/// Somebody who has come and has not shown a whole ticket yet.
struct Guest {
    stream: TcpStream,
    shown: Ticket,
    count: usize,
    until: u64,
}

impl<'a> Door<'a> {
    pub(super) fn new(listener: &'a TcpListener, tickets: &'a [Ticket]) -> Door<'a> {
        let admitted = tickets.iter().map(|_| None).collect();
        Door { listener, tickets, clock: Clock::system(), waiting: Vec::new(), admitted }
    }

    /// Waits until all renderers are in; answers their connections, in order.
    ///
    /// # Errors
    /// As the system says of listening; what is wrong with a guest is that guest's trouble.
    pub(super) fn admit_all(mut self) -> io::Result<Vec<TcpStream>> {
        self.listener.set_nonblocking(true)?;
        while self.admitted.iter().any(Option::is_none) {
            self.wait()?;
            self.let_in()?;
            self.ask();
        }
        for stream in self.admitted.iter().flatten() {
            stream.set_nonblocking(false)?;
        }
        Ok(self.admitted.into_iter().flatten().collect())
    }

    /// Until somebody comes, somebody shows something, or somebody's time is over.
    fn wait(&self) -> io::Result<()> {
        let mut fds = vec![PollFd::new(self.listener, PollFlags::IN)];
        fds.extend(self.waiting.iter().map(|guest| PollFd::new(&guest.stream, PollFlags::IN)));
        let limit = self.waiting.iter().map(|guest| guest.until).min().map(|until| {
            let left =
                Duration::from_nanos(until.saturating_sub(self.clock.now())) + Duration::from_millis(1);
            Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
        });
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes one who has come.
    fn let_in(&mut self) -> io::Result<()> {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            // Nobody, or somebody who has gone again.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        if self.waiting.len() >= STRANGERS + self.tickets.len() {
            self.waiting.remove(0);
        }
        let until = self.clock.now() + LIMIT.as_nanos() as u64;
        self.waiting.push(Guest { stream, shown: [0; 16], count: 0, until });
        Ok(())
    }

    /// Reads what they show: those with a ticket are admitted, those with another are dropped, and so are those who take too long.
    fn ask(&mut self) {
        let now = self.clock.now();
        for mut guest in std::mem::take(&mut self.waiting) {
            match guest.show() {
                Some(true) => self.admit(guest),
                Some(false) if now < guest.until => self.waiting.push(guest),
                _ => {}
            }
        }
    }

    /// A place is given once: a ticket that has been shown is worth nothing any more.
    fn admit(&mut self, guest: Guest) {
        let known = self.tickets.iter().position(|ticket| is_same(ticket, &guest.shown));
        if let Some(place) = known.and_then(|peer| self.admitted.get_mut(peer)) {
            place.get_or_insert(guest.stream);
        }
    }
}

impl Guest {
    /// Reads on. Whether the ticket is whole; `None` if the guest has gone.
    fn show(&mut self) -> Option<bool> {
        while self.count < self.shown.len() {
            match self.stream.read(&mut self.shown[self.count..]) {
                Ok(0) => return None,
                Ok(count) => self.count += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(false),
                Err(_) => return None,
            }
        }
        Some(true)
    }
}

/// Takes as long wherever they differ.
fn is_same(one: &Ticket, other: &Ticket) -> bool {
    one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::Ipv4Addr;

    const TICKETS: [Ticket; 2] = [[1; 16], [2; 16]];

    #[test]
    fn strangers_keep_nobody_out_and_take_no_place() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let come = |shown: &[u8]| {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(shown).unwrap();
            stream
        };
        // One that says nothing, one that says half and stays, one that guesses, one that goes.
        let strangers = [come(b""), come(&[1; 8]), come(&[9; 40])];
        drop(come(&[2; 3]));
        let second = come(&[&[2; 16], &b"two"[..]].concat());
        // With the ticket of one who is in already: too late.
        let late = come(&[&[2; 16], &b"bad"[..]].concat());
        let first = come(&[1; 12]);
        (&first).write_all(&[&[1; 4], &b"one"[..]].concat()).unwrap();
        let admitted = Door::new(&listener, &TICKETS).admit_all().unwrap();
        let said = admitted.into_iter().map(|mut stream| {
            let mut text = [0; 3];
            stream.read_exact(&mut text).unwrap();
            text
        });
        assert_eq!(said.collect::<Vec<_>>(), [*b"one", *b"two"]);
        drop((strangers, second, late));
    }

    #[test]
    fn a_crowd_of_strangers_keeps_nobody_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        // As many as the kernel holds before they are accepted, and then some.
        let crowd = std::thread::spawn(move || {
            let crowd: Vec<_> = (0..3 * STRANGERS).map(|_| TcpStream::connect(at).unwrap()).collect();
            let mut ours = TICKETS.map(|ticket| {
                let mut stream = TcpStream::connect(at).unwrap();
                stream.write_all(&ticket).unwrap();
                stream
            });
            let mut end = [0; 1];
            let read = ours.each_mut().map(|stream| stream.read(&mut end).unwrap());
            drop(crowd);
            read
        });
        drop(Door::new(&listener, &TICKETS).admit_all().unwrap());
        assert_eq!(crowd.join().unwrap(), [0, 0], "in, and told of the end");
    }
}
