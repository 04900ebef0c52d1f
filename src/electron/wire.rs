//! What travels: a header of fixed size, the ports that are handed over, the channel's name, and the codec's bytes.
//!
//! ```text
//! 0     1      2        4          6          8         16
//! kind │ ports │ frame  │ context  │ channel  │ call     │ ports … │ channel … │ body …
//! ```
//!
//! Numbers are little-endian. The reader believes nothing: every length is checked against what is there before anything is taken,
//! and nothing is allocated for a length that is only claimed.

use super::Args;
use super::error::Error;
use super::port::Parcel;
use crate::codec::Value;
use crate::codec::v8::{self, Views};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ipcRenderer.send`
    Send = 1,
    /// `ipcRenderer.invoke`
    Invoke,
    /// `ipcRenderer.sendSync`
    Sync,
    /// `ipcRenderer.postMessage`
    Post,
    /// `ipcRenderer.sendToHost`
    Host,
    /// A renderer has no more to say.
    Bye,
    /// `webContents.send`
    Message,
    /// `webContents.postMessage`
    PostMessage,
    /// A handler's result, or a `returnValue`.
    Reply,
    /// What a handler threw, as text.
    ReplyError,
    /// The page is left for a new one, whose number is the header's context.
    Navigate,
    /// The window closes.
    Close,
    /// `port.postMessage`
    Port,
    /// `port.close`
    PortClose,
}

const KINDS: [Kind; 14] = [
    Kind::Send,
    Kind::Invoke,
    Kind::Sync,
    Kind::Post,
    Kind::Host,
    Kind::Bye,
    Kind::Message,
    Kind::PostMessage,
    Kind::Reply,
    Kind::ReplyError,
    Kind::Navigate,
    Kind::Close,
    Kind::Port,
    Kind::PortClose,
];

/// Bytes of the fixed part.
pub const HEADER: usize = 16;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// What it is.
    pub kind: Kind,
    /// Which of the window's frames it is from or to. Which window, the link says.
    pub frame: u16,
    /// Which page in that frame: it counts up with every navigation.
    pub context: u16,
    /// The channel; empty where there is none.
    pub channel: &'a str,
    /// What joins a reply to its request.
    pub call: u64,
}

impl<'a> Header<'a> {
    /// One without channel and call.
    pub fn new(kind: Kind, frame: u16, context: u16) -> Header<'a> {
        Header { kind, frame, context, channel: "", call: 0 }
    }
}

/// A frame as it was read.
#[derive(Debug)]
pub struct Frame<'a> {
    /// What it says of itself.
    pub header: Header<'a>,
    /// The ports that come with it.
    pub ports: Vec<Parcel>,
    /// The codec's bytes.
    pub body: &'a [u8],
}

/// Bytes that no sender of ours makes: whoever sent them is not to be listened to any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed frame: {0}")]
pub struct Malformed(pub &'static str);

/// Writes a frame's beginning into `out`, which is emptied; the body is to be appended.
///
/// # Errors
/// For a channel of 64 KiB and more.
pub fn begin(out: &mut Vec<u8>, header: Header<'_>, ports: &[Parcel]) -> Result<(), Error> {
    let channel = u16::try_from(header.channel.len())
        .map_err(|_| Error::TooLong("a channel's name of 65536 bytes or more".to_owned()))?;
    let count = u8::try_from(ports.len()).map_err(|_| Error::TooLong("more than 255 ports".to_owned()))?;
    out.clear();
    out.push(header.kind as u8);
    out.push(count);
    out.extend_from_slice(&header.frame.to_le_bytes());
    out.extend_from_slice(&header.context.to_le_bytes());
    out.extend_from_slice(&channel.to_le_bytes());
    out.extend_from_slice(&header.call.to_le_bytes());
    for port in ports {
        port.write(out);
    }
    out.extend_from_slice(header.channel.as_bytes());
    Ok(())
}

/// Writes a whole frame with a value as its body.
///
/// # Errors
/// For a value that cannot be cloned; `out` is to be used again all the same.
pub fn write(out: &mut Vec<u8>, header: Header<'_>, ports: &[Parcel], body: &Value) -> Result<(), Error> {
    begin(out, header, ports)?;
    Ok(v8::encode(body, Views::Native, out)?)
}

/// Reads a frame up to its body.
///
/// # Errors
/// [`Malformed`], for anything that [`begin`] does not write.
pub fn read(bytes: &[u8]) -> Result<Frame<'_>, Malformed> {
    let mut rest = Rest(bytes);
    let [kind, count] = rest.array::<2>()?;
    let kind = *KINDS.get(usize::from(kind).wrapping_sub(1)).ok_or(Malformed("unknown kind"))?;
    let frame = u16::from_le_bytes(rest.array()?);
    let context = u16::from_le_bytes(rest.array()?);
    let channel = u16::from_le_bytes(rest.array()?);
    let call = u64::from_le_bytes(rest.array()?);
    let ports = (0..count).map(|_| Parcel::read(&mut rest)).collect::<Result<_, _>>()?;
    let channel = std::str::from_utf8(rest.take(channel.into())?).map_err(|_| Malformed("channel"))?;
    Ok(Frame { header: Header { kind, frame, context, channel, call }, ports, body: rest.0 })
}

/// Reads a body that is one value.
///
/// # Errors
/// [`Malformed`] if it is not exactly that.
pub fn value(body: &[u8]) -> Result<Value, Malformed> {
    let message = v8::decode(body).map_err(|_| Malformed("value"))?;
    if message.len == body.len() { Ok(message.value) } else { Err(Malformed("bytes after the value")) }
}

/// Reads a body that is an array of arguments.
///
/// # Errors
/// [`Malformed`] if it is not exactly that.
pub fn args(body: &[u8]) -> Result<Args, Malformed> {
    Args::from_array(value(body)?).ok_or(Malformed("arguments"))
}

/// What is left to be read.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed("cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed("cut short"))?;
        self.0 = rest;
        Ok(*taken)
    }
}
