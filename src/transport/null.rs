//! `null`: no transport at all. Each end hears what it says, so an `invoke` costs the harness and nothing else.
//!
//! It exists to measure the measurer, like fio's null engine; it has no peer, and only `invoke` makes sense on it.

use super::{
    ALL_WAITS, Caps, Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Transport, Tx, Wait, check_len,
};
use std::marker::PhantomData;

/// The transport.
#[derive(Debug)]
pub struct Null;

/// All four halves: a buffer with what was said last.
#[derive(Debug)]
pub struct NullEnd<W> {
    windows: usize,
    max_frame: usize,
    last: Vec<u8>,
    wait: PhantomData<W>,
}

impl<W: Wait> NullEnd<W> {
    fn new(windows: usize, max_frame: usize) -> Self {
        NullEnd { windows, max_frame, last: Vec::new(), wait: PhantomData }
    }
}

impl<W: Wait> Tx for NullEnd<W> {
    type Rx = NullEnd<W>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        self.last.resize(len, 0);
        fill(&mut self.last);
        Ok(())
    }

    #[inline]
    fn call<R>(
        &mut self,
        _: &mut Self::Rx,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        self.send(len, fill)?;
        Ok(read(&self.last))
    }
}

impl<W: Wait> Rx for NullEnd<W> {
    fn recv<R>(&mut self, _: impl FnOnce(&[u8]) -> R) -> Result<R> {
        Err(Error::Closed { peer: None })
    }

    fn try_recv<R>(&mut self, _: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        Err(Error::Closed { peer: None })
    }
}

impl<W: Wait> Outbox for NullEnd<W> {
    #[inline]
    fn send_to(&mut self, _: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        Tx::send(self, len, fill)
    }

    fn windows(&self) -> usize {
        self.windows
    }
}

impl<W: Wait> Inbox for NullEnd<W> {
    type Outbox = NullEnd<W>;

    fn recv<R>(&mut self, _: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        Err(Error::Closed { peer: Some(0) })
    }
}

impl Transport for Null {
    const NAME: &'static str = "null";
    const CAPS: Caps = Caps {
        about: "nothing: each end hears itself, so that the harness's own cost shows",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: true,
        ring: false,
        echo: true,
        lossy: false,
        in_parts: false,
    };
    type Address = usize;
    type Bound = Spec;
    type Outbox<W: Wait> = NullEnd<W>;
    type Inbox<W: Wait> = NullEnd<W>;
    type Tx<W: Wait> = NullEnd<W>;
    type Rx<W: Wait> = NullEnd<W>;

    fn bind(spec: &Spec) -> Result<(Spec, Vec<usize>)> {
        Ok((*spec, vec![spec.max_frame; spec.windows]))
    }

    fn accept<W: Wait>(spec: Spec) -> Result<(NullEnd<W>, NullEnd<W>)> {
        Ok((NullEnd::new(spec.windows, spec.max_frame), NullEnd::new(spec.windows, spec.max_frame)))
    }

    fn connect<W: Wait>(max_frame: usize) -> Result<(NullEnd<W>, NullEnd<W>)> {
        Ok((NullEnd::new(1, max_frame), NullEnd::new(1, max_frame)))
    }
}
