//! All ports of one process side, which live on its one thread.

use super::message_port::{MessageChannel, MessagePort, State};
use super::relay::Span;
use super::{Parcel, Token};
use crate::codec::Value;
use crate::electron::error::Error;
use crate::electron::link::{AnyRx, AnyTx, Wiring, drain, single};
use crate::electron::post::{Incoming, News, Word};
use crate::electron::wire::{self, HEADER, Header, Kind};
use crate::transport::Error as LinkError;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::mpsc::Sender;

/// The ports that are here.
pub(in crate::electron) struct Ports {
    table: RefCell<BTreeMap<Token, MessagePort>>,
    /// Those that have been put to use in this turn and want a link.
    wanting: RefCell<Vec<MessagePort>>,
    wiring: Wiring,
    /// Whether this process has a sandbox around it.
    confined: bool,
    queue: Sender<Incoming>,
    /// Speaks to main's broker.
    say: Box<dyn Fn(Word)>,
}

impl Ports {
    pub(in crate::electron) fn new(
        wiring: Wiring,
        confined: bool,
        queue: Sender<Incoming>,
        say: impl Fn(Word) + 'static,
    ) -> Rc<Ports> {
        let (table, wanting) = (RefCell::default(), RefCell::default());
        Rc::new(Ports { table, wanting, confined, wiring, queue, say: Box::new(say) })
    }

    pub(super) fn tell(&self, incoming: Incoming) {
        let _ = self.queue.send(incoming); // nobody reads on where the loop has ended
    }

    pub(super) fn say(&self, word: Word) {
        (self.say)(word);
    }

    pub(super) fn wants_link(&self, port: &MessagePort) {
        self.wanting.borrow_mut().push(port.clone());
    }

    /// A channel with both ports here.
    pub(in crate::electron) fn channel(self: &Rc<Ports>) -> Result<MessageChannel, Error> {
        let port =
            || Ok::<_, Error>(self.keep(Token::new().map_err(Error::start)?, State::Neutered, Vec::new()));
        let (port1, port2) = (port()?, port()?);
        *port1.0.state.borrow_mut() = State::Local(Rc::downgrade(&port2.0));
        *port2.0.state.borrow_mut() = State::Local(Rc::downgrade(&port1.0));
        Ok(MessageChannel { port1, port2 })
    }

    pub(super) fn keep(self: &Rc<Ports>, token: Token, state: State, incoming: Vec<Vec<u8>>) -> MessagePort {
        let port = MessagePort::new(token, self, state, incoming);
        self.table.borrow_mut().insert(token, port.clone());
        port
    }

    /// Those who have come are ours now.
    pub(in crate::electron) fn adopt(self: &Rc<Ports>, parcels: Vec<Parcel>) -> Vec<MessagePort> {
        let adopt = |Parcel { token, incoming, outgoing }| {
            let used = !outgoing.is_empty();
            let port = self.keep(token, State::Apart { outgoing, used, claimed: false }, incoming);
            if used {
                self.wants_link(&port);
            }
            port
        };
        parcels.into_iter().map(adopt).collect()
    }

    /// Writes a frame with ports, which are ours no longer once the message itself could be cloned and all of them can be sent. `each` is
    /// told of every one.
    ///
    /// Electron's code detaches one port after the other, so that a bad second one costs the first; here none is touched before all are
    /// found to be good, and the frame to be one that the transport carries.
    pub(in crate::electron) fn write(
        self: &Rc<Ports>,
        out: &mut Vec<u8>,
        header: Header<'_>,
        transfer: &[MessagePort],
        body: &Value,
        mut each: impl FnMut(Token),
    ) -> Result<(), Error> {
        wire::write(out, header, &[], body)?;
        self.fits(out.len() + transfer.iter().map(MessagePort::packed_len).sum::<usize>())?;
        if transfer.is_empty() {
            return Ok(());
        }
        let mut spans = Vec::new();
        for (index, port) in transfer.iter().enumerate() {
            if port.is_neutered() {
                return Err(Error::PortNeutered(index));
            }
            if transfer[..index].contains(port) {
                return Err(Error::PortDuplicate(index));
            }
            spans.push(port.is_bound().then(Span::new).transpose().map_err(Error::start)?);
        }
        if transfer.len() > usize::from(u8::MAX) {
            return Err(Error::TooLong("more than 255 ports".to_owned()));
        }
        let pack = |(port, span): (&MessagePort, Option<Span>)| match span {
            Some(span) => port.pack_bound(self, span),
            None => {
                self.table.borrow_mut().remove(&port.0.token);
                port.pack(self)
            }
        };
        let parcels: Vec<Parcel> = transfer.iter().zip(spans).map(pack).collect();
        parcels.iter().for_each(|parcel| each(parcel.token));
        let body = out.split_off(HEADER + header.channel.len());
        wire::begin(out, header, &parcels)?;
        out.extend_from_slice(&body);
        Ok(())
    }

    /// What is too long for a link is said where it is posted, not when the port gets one.
    fn fits(&self, len: usize) -> Result<(), Error> {
        let max = self.wiring.max_frame;
        if len > max { Err(LinkError::TooLarge { len, max }.into()) } else { Ok(()) }
    }

    /// The end of a turn: who has been put to use in it wants a link now.
    pub(in crate::electron) fn settle(&self) {
        if self.wanting.borrow().is_empty() {
            return;
        }
        for port in self.wanting.take() {
            if let State::Apart { claimed, .. } = &mut *port.0.state.borrow_mut()
                && !std::mem::replace(claimed, true)
            {
                self.say(Word::Claim(port.0.token, self.confined));
            }
        }
    }

    /// Main's broker has spoken.
    pub(in crate::electron) fn hear(&self, word: Word) -> Result<(), Error> {
        match word {
            Word::Bind(token, confined) => {
                let wiring = self.wiring(confined);
                let (accept, letters) = wiring.door()?.bind(&wiring.spec(1))?;
                for letter in letters {
                    self.say(Word::Bound(token, letter));
                }
                self.read(token, move || Some(single(accept().ok()?)))
            }
            Word::Connect(token, letter, confined) => {
                let door = self.wiring(confined).door()?;
                self.read(token, move || door.connect(letter).ok())
            }
            Word::Meet(one, other) => {
                let [one_port, other_port] =
                    [one, other].map(|token| self.table.borrow().get(&token).cloned());
                match (one_port, other_port) {
                    (Some(one), Some(other)) => one.meet(&other, self),
                    // Closed while this was arranged: whichever is left hears of it.
                    _ => [one, other]
                        .into_iter()
                        .for_each(|token| self.tell(Incoming::Port(token, News::Gone))),
                }
                Ok(())
            }
            Word::Closed(token) => {
                self.tell(Incoming::Port(token, News::Gone));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn wiring(&self, confined: bool) -> Wiring {
        if confined { self.wiring.for_confined() } else { self.wiring.clone() }
    }

    /// A thread for the link's receiving half; the other half comes to ours.
    fn read(
        &self,
        token: Token,
        open: impl FnOnce() -> Option<(Box<dyn AnyTx>, Box<dyn AnyRx>)> + Send + 'static,
    ) -> Result<(), Error> {
        let queue = self.queue.clone();
        let news = move |news| queue.send(Incoming::Port(token, news)).is_ok();
        let body = move || {
            if let Some((tx, rx)) = open()
                && news(News::Linked(tx))
            {
                drain(rx, |frame| !closes(&frame) && news(News::Frame(frame)));
            }
            news(News::Gone);
        };
        std::thread::Builder::new().name("port".to_owned()).spawn(body).map(drop).map_err(Error::start)
    }

    /// Something has come for a port.
    ///
    /// # Errors
    /// What a listener throws.
    pub(in crate::electron) fn deliver(self: &Rc<Ports>, token: Token, news: News) -> Result<(), Value> {
        let port = self.table.borrow().get(&token).cloned();
        let Some(port) = port else {
            if let News::Linked(tx) = news {
                drop(tx); // closed meanwhile: the other one hears of it by this
            }
            return Ok(());
        };
        match news {
            News::Linked(tx) => {
                port.linked(tx);
                Ok(())
            }
            News::Frame(frame) => match port.pass_on(frame) {
                Some(frame) => {
                    port.came(frame);
                    port.look(self)
                }
                None => Ok(()),
            },
            News::Look => port.look(self),
            News::Gone if port.holds_back() => Ok(()),
            News::Gone => {
                self.table.borrow_mut().remove(&token);
                port.end_relay();
                port.ended()
            }
        }
    }

    /// Closes all of them: their end is heard by the others.
    pub(in crate::electron) fn close(&self) {
        let ports: Vec<MessagePort> = self.table.borrow().values().cloned().collect();
        ports.iter().for_each(MessagePort::close);
    }
}

fn closes(frame: &[u8]) -> bool {
    frame.first() == Some(&(Kind::PortClose as u8))
}
