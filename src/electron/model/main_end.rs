//! Main's ends under the model.

use super::endpoint::{AnyInbox, AnyOutbox};
use super::frame::{Incoming, Outgoing};
use super::hops::{HopInbox, HopOutbox};
use super::tasks::{BusyOutbox, Tasks};
use super::{Broadcast, Settings};
use crate::electron::wire::Kind;
use crate::transport::{Error, Inbox, Outbox, Peer, Result};
use std::sync::Arc;

/// Main's sending half.
pub struct ModelOutbox {
    hub: Box<dyn AnyOutbox>,
    out: Outgoing,
    broadcast: Broadcast,
}

/// Main's receiving half.
pub struct ModelInbox {
    hub: Box<dyn AnyInbox>,
    incoming: Incoming,
    replies: Outgoing,
}

/// A hub's halves, with the threads that stand before it and what else main's own has to do.
///
/// # Errors
/// If no thread can be started.
pub fn hub<I: Inbox + 'static>(
    outbox: I::Outbox,
    inbox: I,
    settings: &Settings,
) -> Result<(Box<dyn AnyOutbox>, Box<dyn AnyInbox>)>
where
    I::Outbox: 'static,
{
    let tasks = (settings.main_busy > 0).then(|| Arc::new(Tasks::new(settings.main_busy)));
    let mut hub: Box<dyn AnyOutbox> =
        if settings.hops >= 6 { Box::new(HopOutbox::new(outbox)?) } else { Box::new(outbox) };
    if let Some(tasks) = &tasks {
        hub = Box::new(BusyOutbox { hub, tasks: tasks.clone() });
    }
    let inbox: Box<dyn AnyInbox> = if settings.hops >= 4 || tasks.is_some() {
        Box::new(HopInbox::new(inbox, tasks)?)
    } else {
        Box::new(inbox)
    };
    Ok((hub, inbox))
}

/// The model around a hub's halves.
pub fn ends(hub: (Box<dyn AnyOutbox>, Box<dyn AnyInbox>), settings: &Settings) -> (ModelOutbox, ModelInbox) {
    let (outbox, inbox) = hub;
    (
        ModelOutbox { hub: outbox, out: Outgoing::new(settings), broadcast: settings.broadcast },
        ModelInbox { hub: inbox, incoming: Incoming::to_main(settings), replies: Outgoing::new(settings) },
    )
}

impl Outbox for ModelOutbox {
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let arguments = self.out.arguments(self.out.value(len, fill));
        let frame = self.out.encode(Kind::Message, None, &arguments)?;
        self.hub.send_to(peer, frame.len(), &mut |bytes| bytes.copy_from_slice(frame))
    }

    fn post_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let arguments = self.out.arguments(self.out.value(len, fill));
        let frame = self.out.encode(Kind::Message, None, &arguments)?;
        self.hub.post_to(peer, frame.len(), &mut |bytes| bytes.copy_from_slice(frame))
    }

    fn flush(&mut self) -> Result<()> {
        self.hub.flush()
    }

    fn windows(&self) -> usize {
        self.hub.windows()
    }

    fn broadcast(&mut self, len: usize, fill: impl Fn(&mut [u8])) -> Result<()> {
        let arguments = self.out.arguments(self.out.value(len, fill));
        if self.broadcast == Broadcast::OneWrite {
            let frame = self.out.encode(Kind::Message, None, &arguments)?;
            return self.hub.broadcast(frame);
        }
        // Those behind a window that has gone are to have it all the same.
        let mut outcome = Ok(());
        let mut frame: &[u8] = &[];
        for peer in 0..self.hub.windows() {
            if peer == 0 || self.broadcast == Broadcast::PerWindow {
                frame = self.out.encode(Kind::Message, None, &arguments)?;
            }
            let sent = self.hub.send_to(peer, frame.len(), &mut |bytes| bytes.copy_from_slice(frame));
            outcome = outcome.and(sent);
        }
        outcome
    }
}

impl Inbox for ModelInbox {
    type Outbox = ModelOutbox;

    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let ModelInbox { hub, incoming, .. } = self;
        let (mut read, mut result) = (Some(read), Err(Error::Corrupt("a frame that nobody read")));
        hub.recv(&mut |peer, frame| {
            if let Some(read) = read.take() {
                result = incoming.open(peer, frame, |_, payload| read(peer, payload));
            }
        })?;
        result
    }

    fn serve<S>(
        &mut self,
        outbox: &mut ModelOutbox,
        read: impl FnOnce(Peer, &[u8]) -> (usize, S),
        reply: impl FnOnce(S, &mut [u8]),
    ) -> Result<()> {
        let ModelInbox { hub, incoming, replies } = self;
        let (mut parts, mut outcome) = (Some((read, reply)), Ok(()));
        // The reply is ready before the place for it is there, since its length has to be known.
        let frame = std::cell::RefCell::new(Vec::new());
        hub.serve(
            outbox.hub.as_mut(),
            &mut |peer, request| {
                let Some((read, reply)) = parts.take() else { return 0 };
                let answered = incoming
                    .open(peer, request, |call, payload| (call, read(peer, payload)))
                    .and_then(|(call, (len, state))| {
                        let arguments = replies.arguments(replies.value(len, |bytes| reply(state, bytes)));
                        replies.encode(Kind::Reply, Some(call), &arguments).map(drop)
                    });
                match answered {
                    Ok(()) => {
                        frame.replace(replies.take());
                    }
                    Err(error) => outcome = Err(error),
                }
                frame.borrow().len()
            },
            &mut |bytes| bytes.copy_from_slice(&frame.borrow()),
        )?;
        replies.give_back(frame.into_inner());
        outcome
    }
}
