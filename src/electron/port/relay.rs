//! A port that is sent on although it has its link, or waits for it.
//!
//! Its link stays where it is, under the port's name, in a relay: a port without an owner, which has a new one as its neighbour.
//! The new one's other end travels. Whatever comes to either of the two goes on through the other one, unread, so that the order is
//! that of one link after the other: what waited in the port travels with it, what comes later goes through the relay.
//!
//! In Chromium a proxy of this kind takes itself out of the way once both ends know of each other (`ipcz`, proxy bypass). This one
//! stays: what is sent on costs a hop more, and if the process that sent it on ends, the port is closed.

use super::message_port::{MessagePort, State};
use super::table::Ports;
use super::{Parcel, Token};
use crate::electron::post::{Incoming, News, Word};
use std::rc::Rc;

/// The names of the two ports that a relay needs: the one here, and the one that travels.
pub(super) struct Span {
    here: Token,
    away: Token,
}

impl Span {
    pub(super) fn new() -> std::io::Result<Span> {
        Ok(Span { here: Token::new()?, away: Token::new()? })
    }
}

impl MessagePort {
    /// Whether it cannot simply go, because something of it is here: its link, or main's answer to its claim, which is on its way.
    pub(super) fn is_bound(&self) -> bool {
        matches!(*self.0.state.borrow(), State::Linked(_) | State::Apart { claimed: true, .. })
    }

    /// Leaves a relay in its place. What travels is another port's end, with what this one has received and nobody has seen.
    pub(super) fn pack_bound(&self, home: &Rc<Ports>, Span { here, away }: Span) -> Parcel {
        let state = std::mem::replace(&mut *self.0.state.borrow_mut(), State::Neutered);
        let relay = home.keep(self.0.token, state, Vec::new());
        let next =
            home.keep(here, State::Apart { outgoing: Vec::new(), used: false, claimed: false }, Vec::new());
        relay.0.onward.replace(Some(next.clone()));
        next.0.onward.replace(Some(relay));
        home.say(Word::Pair(here, away));
        next.use_it();
        if self.0.gone.get() {
            // That the other end is gone was kept back for what it had posted, which now travels.
            home.tell(Incoming::Port(self.0.token, News::Gone));
        }
        Parcel { token: away, incoming: self.0.incoming.take().into(), outgoing: Vec::new() }
    }

    /// Takes what has come, if it is a relay's.
    pub(super) fn pass_on(&self, frame: Vec<u8>) -> Option<Vec<u8>> {
        match &*self.0.onward.borrow() {
            Some(next) => {
                let _ = next.carry(frame); // if its other end is gone, its own reader says so
                None
            }
            None => Some(frame),
        }
    }

    /// Its end is its neighbour's end, once that has passed on what it has.
    pub(super) fn end_relay(&self) {
        let Some(next) = self.0.onward.take() else { return };
        match &*next.0.state.borrow() {
            State::Apart { outgoing, .. } if !outgoing.is_empty() => return next.0.last.set(true),
            _ => {}
        }
        next.close();
    }
}
