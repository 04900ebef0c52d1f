//! From a payload to a frame and back: the value, what the model does to it, its bytes, the buffers they pass through.

use super::checked::{CHANNEL, Guard, Page};
use super::dispatch::{Dispatch, PORT, Ports};
use super::{Copies, Settings, Topology};
use crate::codec::{Codec, Value};
use crate::electron::wire::{self, Header, Kind};
use crate::transport::{Error, Peer, Result};

/// What one end says.
pub(super) struct Outgoing {
    settings: Settings,
    /// Counts calls.
    call: u64,
    /// The frame that was made last; kept where copies are spared.
    frame: Vec<u8>,
    /// How long it was.
    room: usize,
}

impl Outgoing {
    pub(super) fn new(settings: &Settings) -> Outgoing {
        Outgoing { settings: *settings, call: 0, frame: Vec::new(), room: 0 }
    }

    /// The value that carries a payload of `len` bytes.
    pub(super) fn value(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Value {
        let mut payload = vec![0; len];
        fill(&mut payload);
        self.settings.shape.value(payload)
    }

    /// A value as the arguments of a message.
    pub(super) fn arguments(&self, value: Value) -> Value {
        // Raw bytes have no array around them.
        if self.settings.codec == Codec::Raw { value } else { Value::array([value]) }
    }

    /// The frame of a message with these arguments.
    pub(super) fn encode(&mut self, kind: Kind, call: Option<u64>, arguments: &Value) -> Result<&[u8]> {
        self.call += 1;
        let channel = if call.is_some() { "" } else { CHANNEL };
        let header = match self.settings.topology {
            Topology::Port => Header { call: PORT, ..Header::new(Kind::Port, 0, 0) },
            Topology::Direct | Topology::Brokered => {
                Header { channel, call: call.unwrap_or(self.call), ..Header::new(kind, 0, 0) }
            }
        };
        let fresh = self.settings.copies != Copies::InPlace;
        // As long as the last one was: most messages are.
        let mut frame = if fresh { Vec::with_capacity(self.room) } else { std::mem::take(&mut self.frame) };
        wire::begin(&mut frame, header, &[]).map_err(|_| Error::Corrupt("a header"))?;
        let written = self.settings.codec.encode(arguments, &mut frame);
        written.map_err(|_| Error::Corrupt("a value that its codec has no form for"))?;
        self.room = frame.len();
        // The first buffer is the serialiser's, which has grown; the second is as large as the message.
        self.frame = if self.settings.copies == Copies::Three { frame.as_slice().into() } else { frame };
        Ok(&self.frame)
    }

    /// The frame that was made last, for whoever gives it back.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.frame)
    }

    pub(super) fn give_back(&mut self, frame: Vec<u8>) {
        self.frame = frame;
    }
}

/// Whose ear it is.
enum Ear {
    /// A renderer's: what is heard goes on to the page.
    Page(Page),
    /// A renderer's, for the other end of a port.
    Port(Page, Ports),
    /// Main's: who is admitted reaches a handler.
    Main(Guard, Dispatch),
}

/// What one end hears.
pub(super) struct Incoming {
    settings: Settings,
    ear: Ear,
    /// Room for payloads that lie in pieces.
    scratch: Vec<u8>,
}

impl Incoming {
    /// Main's ear.
    pub(super) fn to_main(settings: &Settings) -> Incoming {
        let ear = Ear::Main(Guard::new(settings), Dispatch::new());
        Incoming { settings: *settings, ear, scratch: Vec::new() }
    }

    /// A renderer's.
    pub(super) fn to_page(settings: &Settings) -> Incoming {
        let page = Page::new(settings);
        let ear = match settings.topology {
            Topology::Port => Ear::Port(page, Ports::new()),
            Topology::Direct | Topology::Brokered => Ear::Page(page),
        };
        Incoming { settings: *settings, ear, scratch: Vec::new() }
    }

    /// Lends the payload of a frame to `read`, with the number of its call.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a frame that no end of ours makes.
    pub(super) fn open<R>(
        &mut self,
        peer: Peer,
        frame: &[u8],
        read: impl FnOnce(u64, &[u8]) -> R,
    ) -> Result<R> {
        let private = match (self.settings.copies, &self.ear) {
            // Who is not trusted must not change what has been looked at.
            (Copies::One, Ear::Main(..) | Ear::Port(..)) | (Copies::Three, _) => Some(frame.to_vec()),
            (Copies::One, Ear::Page(_)) | (Copies::InPlace, _) => None,
        };
        let frame = wire::read(private.as_deref().unwrap_or(frame))
            .map_err(|wire::Malformed(what)| Error::Corrupt(what))?;
        let heard =
            self.settings.codec.decode(frame.body).map_err(|_| Error::Corrupt("a message's value"))?;
        let channel = frame.header.channel;
        let heard = match &mut self.ear {
            Ear::Page(page) => page.hear((!channel.is_empty()).then_some(channel), heard)?,
            Ear::Port(page, ports) => ports.handle(frame.header.call, page.hear(None, heard)?)?,
            Ear::Main(guard, dispatch) => {
                guard.admit(peer, channel, &heard)?;
                dispatch.handle(peer, channel, heard)?
            }
        };
        let value = match self.settings.codec {
            Codec::Raw => heard.root(), // it has no array around it
            _ => heard.at(0).ok_or(Error::Corrupt("a message without arguments"))?,
        };
        Ok(self.settings.shape.open(value, &mut self.scratch, |payload| read(frame.header.call, payload)))
    }
}
