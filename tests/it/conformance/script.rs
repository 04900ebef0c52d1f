//! What a scripted renderer does: the same steps in a thread and in a process.

use super::Outcome;
use super::control::{Control, Go, Word};
use super::door::{AnyRx, AnyTx, Fill};
use super::frames::{Lens, check, check_later, down, fill, target, up};
use ipcmark::sys::sabotage::{descriptors_since, send_with};
use ipcmark::transport::{Error, Peer};
use ipcmark::workload::stamp::Pattern;
use serde::{Deserialize, Serialize};
use std::os::fd::AsFd;
use std::time::Duration;

/// One step of a script. Frames are numbered from the first of the link on, each direction for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    /// Sends so many frames.
    Send(u64, Lens),
    /// Posts so many frames, and hands them over after each so many.
    Post { count: u64, batch: u64, lens: Lens },
    /// Is refused a frame of `len` bytes, in every way of sending.
    Refused { len: usize, max: usize },
    /// Receives so many.
    Recv(u64, Lens),
    /// Sends and receives so many at once, a thread for each half.
    Both(u64, Lens),
    /// Receives what comes of so many, in order, until main is gone; says how many did.
    RecvSome(u64, Lens),
    /// Receives its share of so many operations of main's mixed sending.
    RecvMixed { operations: u64, windows: usize, lens: Lens },
    /// Calls so many times.
    Call(u64, Lens),
    /// Calls so many times over an end that hears only itself.
    Echo(u64, Lens),
    /// Says that it has come so far.
    Here,
    /// Waits for main's word.
    Go,
    /// Keeps its ends until main's part is over: main may still send to others, and must not find this one gone.
    Stay,
    /// Sends until main's word comes.
    SendUntilGo(Lens),
    /// Sends until main is gone.
    SendUntilClosed(Lens),
    /// Receives until main is gone, and says how many came.
    RecvUntilClosed(Lens),
    /// Finds nothing to receive.
    TryNone,
    /// Receives so many by asking again and again.
    TryRecv(u64, Lens),
    /// Finds main gone by asking again and again.
    TryClosed,
    /// Sends each socket of its link over itself, or is refused that: it is open as long as main does not read.
    OwnSockets,
}

impl Step {
    /// Main is gone, in both directions.
    pub(super) fn closed() -> [Step; 2] {
        [Step::RecvUntilClosed(Lens::Fixed(0)), Step::SendUntilClosed(Lens::Fixed(4096))]
    }
}

/// Nobody can hold more bytes than this on the way, or lose them before main is gone: a sender who may send them never
/// learns of its end.
const ENDLESS: usize = 8 << 30;

/// A renderer at work.
pub(super) struct Actor<'a> {
    tx: Box<dyn AnyTx>,
    rx: Box<dyn AnyRx>,
    peer: Peer,
    sent: u64,
    received: u64,
    control: &'a Control,
}

impl<'a> Actor<'a> {
    pub(super) fn new(tx: Box<dyn AnyTx>, rx: Box<dyn AnyRx>, peer: Peer, control: &'a Control) -> Self {
        Actor { tx, rx, peer, sent: 0, received: 0, control }
    }

    /// Plays all steps, then drops both halves.
    pub(super) fn play(mut self, script: &[Step]) -> Outcome {
        for (number, step) in script.iter().enumerate() {
            self.step(step).map_err(|error| format!("step {number}, {step:?}: {error}"))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Send(count, lens) => send(&mut *self.tx, up(self.peer), &mut self.sent, *count, lens),
            Step::Post { count, batch, lens } => self.post(*count, *batch, lens),
            Step::Refused { len, max } => self.refused(*len, *max),
            Step::Recv(count, lens) => recv(&mut *self.rx, &mut self.received, *count, lens),
            Step::RecvSome(count, lens) => self.recv_some(*count, lens),
            Step::Both(count, lens) => self.both(*count, lens),
            Step::RecvMixed { operations, windows, lens } => self.recv_mixed(*operations, *windows, lens),
            Step::Call(count, lens) => self.call(*count, lens),
            Step::Echo(count, lens) => self.echo(*count, lens),
            Step::Here => self.control.say(&Word::Here),
            Step::Go => self.control.hear::<Go>().map(|Go| ()),
            Step::Stay => {
                // Main has hung up by now.
                let _ = self.control.hear::<Go>();
                Ok(())
            }
            Step::SendUntilGo(lens) => {
                while self.control.is_silent(Duration::ZERO) {
                    send(&mut *self.tx, up(self.peer), &mut self.sent, 1, lens)?;
                }
                self.control.hear::<Go>().map(|Go| ())
            }
            Step::SendUntilClosed(lens) => self.send_until_closed(lens),
            Step::RecvUntilClosed(lens) => self.recv_until_closed(lens),
            Step::TryNone => {
                let mut len = 0;
                let found = self.rx.try_recv(&mut |bytes| len = bytes.len())?;
                ensure!(found.is_none(), "a frame of {len} bytes came from nowhere");
                Ok(())
            }
            Step::TryRecv(count, lens) => self.try_recv(*count, lens),
            Step::OwnSockets => {
                for (name, file) in descriptors_since(&self.control.beside())? {
                    if name.starts_with("socket:") {
                        // What is no Unix socket takes none, and nor does one of ours where the kernel can refuse them.
                        let _ = send_with(&file, &[0], file.as_fd(), 1);
                    }
                }
                Ok(())
            }
            Step::TryClosed => loop {
                match self.rx.try_recv(&mut |_| ()) {
                    Ok(None) => std::thread::yield_now(),
                    Err(Error::Closed { peer: None }) => return Ok(()),
                    other => return Err(format!("Closed expected, not {other:?}").into()),
                }
            },
        }
    }

    fn post(&mut self, count: u64, batch: u64, lens: &Lens) -> Outcome {
        for number in 1..=count {
            let len = lens.at(self.sent);
            self.tx.post(len, &fill(up(self.peer), len, self.sent))?;
            self.sent += 1;
            if number.is_multiple_of(batch) {
                self.tx.flush()?;
            }
        }
        Ok(())
    }

    fn refused(&mut self, len: usize, max: usize) -> Outcome {
        let fill: Fill<'_> = &|_| panic!("`fill` was called for a frame that is too long");
        let sent = self.tx.send(len, fill);
        let called = self.tx.call(&mut *self.rx, len, fill, &mut |_| ());
        let posted = self.tx.post(len, fill);
        for outcome in [sent, called, posted] {
            let refused = matches!(outcome, Err(Error::TooLarge { len: l, max: m }) if (l, m) == (len, max));
            ensure!(refused, "TooLarge expected for {len} bytes of at most {max}, not {outcome:?}");
        }
        Ok(())
    }

    fn both(&mut self, count: u64, lens: &Lens) -> Outcome {
        let Actor { tx, rx, peer, sent, received, .. } = self;
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| send(&mut **tx, up(*peer), sent, count, lens));
            recv(&mut **rx, received, count, lens)?;
            sender.join().map_err(|_| "the sending half panicked")?
        })
    }

    fn recv_mixed(&mut self, operations: u64, windows: usize, lens: &Lens) -> Outcome {
        for number in 0..operations {
            if target(number, windows).is_none_or(|peer| peer == self.peer) {
                recv_one(&mut *self.rx, lens.at(number), number)??;
            }
        }
        Ok(())
    }

    fn call(&mut self, count: u64, lens: &Lens) -> Outcome {
        for _ in 0..count {
            let (len, reply) = (lens.at(self.sent), lens.reply(self.sent));
            let mut read = Err("`read` was never called".to_owned());
            self.tx.call(&mut *self.rx, len, &fill(up(self.peer), len, self.sent), &mut |bytes| {
                read = check(down(), bytes, reply, self.received);
            })?;
            read?;
            (self.sent, self.received) = (self.sent + 1, self.received + 1);
        }
        Ok(())
    }

    fn echo(&mut self, count: u64, lens: &Lens) -> Outcome {
        for _ in 0..count {
            let (pattern, sequence, len) = (up(self.peer), self.sent, lens.at(self.sent));
            let mut read = Err("`read` was never called".to_owned());
            self.tx.call(&mut *self.rx, len, &fill(pattern, len, sequence), &mut |bytes| {
                read = check(pattern, bytes, len, sequence);
            })?;
            read?;
            self.sent += 1;
        }
        Ok(())
    }

    fn send_until_closed(&mut self, lens: &Lens) -> Outcome {
        let mut bytes = 0;
        while bytes < ENDLESS {
            let len = lens.at(self.sent);
            match self.tx.send(len, &fill(up(self.peer), len, self.sent)) {
                Ok(()) => (self.sent, bytes) = (self.sent + 1, bytes + len),
                Err(Error::Closed { peer: None }) => return Ok(()),
                Err(other) => return Err(format!("Closed expected, not {other:?}").into()),
            }
        }
        Err("main is gone, and yet it takes every frame".into())
    }

    fn recv_until_closed(&mut self, lens: &Lens) -> Outcome {
        let before = self.received;
        loop {
            let (len, number) = (lens.at(self.received), self.received);
            match recv_one(&mut *self.rx, len, number) {
                Ok(checked) => checked?,
                Err(Error::Closed { peer: None }) => break,
                Err(other) => return Err(format!("Closed expected, not {other:?}").into()),
            }
            self.received += 1;
        }
        let again = self.rx.recv(&mut |_| ());
        ensure!(matches!(again, Err(Error::Closed { peer: None })), "Closed once, and then {again:?}");
        self.control.say(&Word::Counted(self.received - before))
    }

    fn recv_some(&mut self, count: u64, lens: &Lens) -> Outcome {
        let (mut next, mut came) = (0, 0);
        loop {
            let mut read = Err("`read` was never called".to_owned());
            match self.rx.recv(&mut |bytes| read = check_later(down(), bytes, lens, next)) {
                Ok(()) => (next, came) = (read? + 1, came + 1),
                Err(Error::Closed { peer: None }) => break,
                Err(other) => return Err(format!("Closed expected, not {other:?}").into()),
            }
        }
        ensure!(next <= count, "frame {} of {count}", next - 1);
        self.control.say(&Word::Counted(came))
    }

    fn try_recv(&mut self, count: u64, lens: &Lens) -> Outcome {
        for _ in 0..count {
            let (len, number) = (lens.at(self.received), self.received);
            let mut read = Err("`read` was never called".to_owned());
            while self.rx.try_recv(&mut |bytes| read = check(down(), bytes, len, number))?.is_none() {
                std::thread::yield_now();
            }
            read?;
            self.received += 1;
        }
        Ok(())
    }
}

fn send(tx: &mut dyn AnyTx, pattern: Pattern, sent: &mut u64, count: u64, lens: &Lens) -> Outcome {
    for _ in 0..count {
        let len = lens.at(*sent);
        tx.send(len, &fill(pattern, len, *sent))?;
        *sent += 1;
    }
    Ok(())
}

fn recv(rx: &mut dyn AnyRx, received: &mut u64, count: u64, lens: &Lens) -> Outcome {
    for _ in 0..count {
        recv_one(rx, lens.at(*received), *received)??;
        *received += 1;
    }
    Ok(())
}

/// Receives; the inner answer is whether it was frame `number`.
fn recv_one(rx: &mut dyn AnyRx, len: usize, number: u64) -> Result<Result<(), String>, Error> {
    let mut read = Err("`read` was never called".to_owned());
    rx.recv(&mut |bytes| read = check(down(), bytes, len, number))?;
    Ok(read)
}
