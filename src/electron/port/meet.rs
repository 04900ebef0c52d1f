//! Two ports that were apart and are in one place after all: they need no link.

use super::message_port::{MessagePort, State};
use super::table::Ports;
use crate::electron::post::{Incoming, News};
use std::rc::Rc;

impl MessagePort {
    /// Has a frame from the other end, which is here: to be heard in its turn, or to go on at once if this is a relay's.
    pub(super) fn receive(&self, home: &Ports, frame: Vec<u8>) {
        if let Some(frame) = self.pass_on(frame) {
            self.0.incoming.borrow_mut().push_back(frame);
            home.tell(Incoming::Port(self.0.token, News::Look));
        }
    }

    /// Entangles the two; what was posted while they were apart comes first.
    pub(super) fn meet(&self, other: &MessagePort, home: &Ports) {
        for (one, gone) in [(self, other), (other, self)] {
            if gone.is_neutered() {
                return home.tell(Incoming::Port(one.0.token, News::Gone)); // closed while this was arranged
            }
        }
        for (one, other) in [(self, other), (other, self)] {
            let local = State::Local(Rc::downgrade(&other.0));
            if let State::Apart { outgoing, .. } = std::mem::replace(&mut *one.0.state.borrow_mut(), local) {
                outgoing.into_iter().for_each(|frame| other.receive(home, frame));
            }
        }
        for one in [self, other] {
            if one.0.last.get() {
                one.close();
            }
        }
    }
}
