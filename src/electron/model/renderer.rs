//! A renderer's ends under the model: what the page asks for goes through all of it before it is a frame.

use super::Settings;
use super::checked::Page;
use super::endpoint::{AnyRx, AnyTx};
use super::frame::{Incoming, Outgoing};
use super::hops::{HopRx, HopTx};
use crate::electron::policy::Verb;
use crate::electron::wire::Kind;
use crate::transport::{Error, Result, Rx, Tx};

/// A renderer's sending half.
pub struct ModelTx {
    link: Box<dyn AnyTx>,
    page: Page,
    out: Outgoing,
}

/// A renderer's receiving half.
pub struct ModelRx {
    link: Box<dyn AnyRx>,
    incoming: Incoming,
}

/// A link's halves, with the threads that stand before it.
///
/// # Errors
/// If no thread can be started.
pub fn link<T: Tx + 'static>(
    tx: T,
    rx: T::Rx,
    settings: &Settings,
) -> Result<(Box<dyn AnyTx>, Box<dyn AnyRx>)>
where
    T::Rx: 'static,
{
    let tx: Box<dyn AnyTx> = if settings.hops >= 6 { Box::new(HopTx::new(tx)?) } else { Box::new(tx) };
    let rx: Box<dyn AnyRx> = if settings.hops >= 4 { Box::new(HopRx::new(rx)?) } else { Box::new(rx) };
    Ok((tx, rx))
}

/// The model around a link's halves.
pub fn ends(link: (Box<dyn AnyTx>, Box<dyn AnyRx>), settings: &Settings) -> (ModelTx, ModelRx) {
    let (tx, rx) = link;
    (
        ModelTx { link: tx, page: Page::new(settings), out: Outgoing::new(settings) },
        ModelRx { link: rx, incoming: Incoming::to_page(settings) },
    )
}

impl Tx for ModelTx {
    type Rx = ModelRx;

    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let frame = message(&self.page, &mut self.out, Kind::Send, len, fill)?;
        self.link.send(frame.len(), &mut |bytes| bytes.copy_from_slice(frame))
    }

    fn post(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let frame = message(&self.page, &mut self.out, Kind::Send, len, fill)?;
        self.link.post(frame.len(), &mut |bytes| bytes.copy_from_slice(frame))
    }

    fn flush(&mut self) -> Result<()> {
        self.link.flush()
    }

    fn call<R>(
        &mut self,
        rx: &mut ModelRx,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        let frame = message(&self.page, &mut self.out, Kind::Invoke, len, fill)?;
        let ModelRx { link, incoming } = rx;
        once(read, |read| {
            let mut write = |bytes: &mut [u8]| bytes.copy_from_slice(frame);
            let mut outcome = Ok(());
            self.link.call(link.as_mut(), frame.len(), &mut write, &mut |reply| {
                outcome = incoming.open(0, reply, |_, payload| read(payload));
            })?;
            outcome
        })
    }
}

impl Rx for ModelRx {
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let ModelRx { link, incoming } = self;
        once(read, |read| {
            let mut outcome = Ok(());
            link.recv(&mut |frame| outcome = incoming.open(0, frame, |_, payload| read(payload)))?;
            outcome
        })
    }

    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        let ModelRx { link, incoming } = self;
        let (mut read, mut result, mut outcome) = (Some(read), None, Ok(()));
        link.try_recv(&mut |frame| {
            outcome = incoming.open(0, frame, |_, payload| result = read.take().map(|read| read(payload)));
        })?;
        outcome.map(|()| result)
    }
}

/// What a page says, as a frame.
fn message<'a>(
    page: &Page,
    out: &'a mut Outgoing,
    kind: Kind,
    len: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Result<&'a [u8]> {
    let verb = if kind == Kind::Invoke { Verb::Invoke } else { Verb::Send };
    let value = page.say(verb, out.value(len, fill))?;
    let arguments = out.arguments(value);
    out.encode(kind, None, &arguments)
}

/// Gives `with` a reader that may be called once and must be.
pub(super) fn once<A: ?Sized, R>(
    read: impl FnOnce(&A) -> R,
    with: impl FnOnce(&mut dyn FnMut(&A)) -> Result<()>,
) -> Result<R> {
    let (mut read, mut result) = (Some(read), None);
    with(&mut |bytes| result = read.take().map(|read| read(bytes)))?;
    result.ok_or(Error::Corrupt("a frame that nobody read"))
}
