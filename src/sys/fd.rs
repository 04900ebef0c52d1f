//! Descriptors that travel inside serialised values, and the socket that carries both.
//!
//! Every descriptor of this program is close-on-exec, so that a child inherits none by accident (a stray copy of a
//! pipe's end would hide its reader's death). What a child shall have is passed over its control socket
//! (`SCM_RIGHTS`, `unix(7)`): a [`Descriptor`] serialises as an index into the list that goes beside the bytes.

use super::advice::explained;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::cell::RefCell;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// An owned descriptor that can be part of a serialised address; only [`pack`] and [`unpack`] can move it.
#[derive(Debug)]
pub struct Descriptor(pub OwnedFd);

thread_local! {
    /// Descriptors of the value being packed on this thread.
    static OUTGOING: RefCell<Option<Vec<OwnedFd>>> = const { RefCell::new(None) };
    /// Descriptors for the value being unpacked on this thread.
    static INCOMING: RefCell<Vec<Option<OwnedFd>>> = const { RefCell::new(Vec::new()) };
}

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let copy = self.0.try_clone().map_err(|error| ser::Error::custom(explained(&error)))?;
        let index = OUTGOING.with_borrow_mut(|list| {
            let list = list
                .as_mut()
                .ok_or_else(|| ser::Error::custom("a descriptor serialises only inside pack"))?;
            list.push(copy);
            Ok(list.len() as u32 - 1)
        })?;
        serializer.serialize_u32(index)
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let index = u32::deserialize(deserializer)? as usize;
        let fd = INCOMING.with_borrow_mut(|list| list.get_mut(index).and_then(Option::take));
        fd.map(Descriptor).ok_or_else(|| de::Error::custom(format!("descriptor {index} did not arrive")))
    }
}

/// Serialises a value and duplicates the descriptors in it.
pub fn pack<T: Serialize>(value: &T) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    OUTGOING.set(Some(Vec::new()));
    let bytes = serde_json::to_vec(value);
    let fds = OUTGOING.take().unwrap_or_default();
    Ok((bytes?, fds))
}

/// The inverse of [`pack`]. Descriptors that the value does not claim are closed.
pub fn unpack<T: de::DeserializeOwned>(bytes: &[u8], fds: Vec<OwnedFd>) -> io::Result<T> {
    INCOMING.set(fds.into_iter().map(Some).collect());
    let value = serde_json::from_slice(bytes);
    INCOMING.take();
    Ok(value?)
}

/// Most descriptors in one message; the kernel allows 253 (`SCM_MAX_FD`).
const MAX_FDS: usize = 16;

/// Sends bytes and descriptors over a stream socket: a length of four bytes with the descriptors, then the bytes.
pub fn send_message(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[OwnedFd]) -> io::Result<()> {
    if fds.len() > MAX_FDS {
        return Err(io::Error::other(format!("{} descriptors in one message, at most {MAX_FDS}", fds.len())));
    }
    let header = u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes();
    let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&borrowed));
    }
    let slices = [IoSlice::new(&header), IoSlice::new(bytes)];
    let sent = rustix::io::retry_on_intr(|| {
        rustix::net::sendmsg(socket, &slices, &mut ancillary, SendFlags::NOSIGNAL)
    })?;
    let rest = bytes.get(sent.saturating_sub(4)..).unwrap_or_default();
    if sent < 4 {
        return Err(io::Error::other("a socket buffer too small for four bytes"));
    }
    write_all(socket, rest)
}

/// Receives what [`send_message`] sent.
///
/// # Errors
/// `UnexpectedEof` if the other end is gone, `InvalidData` if the message claims more than `limit` bytes.
pub fn recv_message(socket: BorrowedFd<'_>, limit: usize) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut header = [0u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(
            socket,
            &mut [IoSliceMut::new(&mut header)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC | RecvFlags::WAITALL,
        )
    })?;
    if got.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if got.flags.contains(ReturnFlags::CTRUNC) {
        // The kernel drops what it finds no number for, and says no more than this.
        return Err(rustix::io::Errno::MFILE.into());
    }
    let fds = ancillary
        .drain()
        .flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => fds.collect(),
            _ => Vec::new(),
        })
        .collect();
    // A signal in the middle cuts even a call that waits for all short.
    read_exact(socket, &mut header[got.bytes..])?;
    let len = u32::from_le_bytes(header) as usize;
    if len > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("message of {len} bytes, limit {limit}"),
        ));
    }
    let mut bytes = vec![0; len];
    read_exact(socket, &mut bytes)?;
    Ok((bytes, fds))
}

/// Writes all of `bytes`, waiting as the descriptor does.
pub fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(fd, bytes))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn read_exact(fd: BorrowedFd<'_>, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut *bytes))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes = &mut bytes[read..],
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn descriptors_arrive_beside_the_bytes() {
        let (a, b) = UnixStream::pair().unwrap();
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let value = ("x".repeat(300_000), Descriptor(writer));
        let sender = std::thread::spawn(move || {
            let (bytes, fds) = pack(&value).unwrap();
            send_message(a.as_fd(), &bytes, &fds).unwrap();
        });
        let (bytes, fds) = recv_message(b.as_fd(), 1 << 20).unwrap();
        sender.join().unwrap();
        let (text, writer): (String, Descriptor) = unpack(&bytes, fds).unwrap();
        assert_eq!(text.len(), 300_000);
        write_all(writer.0.as_fd(), b"hello").unwrap();
        drop(writer);
        let mut buffer = [0; 16];
        assert_eq!(rustix::io::read(&reader, &mut buffer).unwrap(), 5);
        assert_eq!(rustix::io::read(&reader, &mut buffer).unwrap(), 0, "no copy of the writing end is left");
    }

    #[test]
    fn an_index_without_a_descriptor_and_a_huge_length_are_refused() {
        assert!(unpack::<Descriptor>(b"0", Vec::new()).is_err());
        let (a, b) = UnixStream::pair().unwrap();
        write_all(a.as_fd(), &u32::MAX.to_le_bytes()).unwrap();
        assert_eq!(recv_message(b.as_fd(), 1 << 20).unwrap_err().kind(), io::ErrorKind::InvalidData);
        drop(a);
        assert_eq!(recv_message(b.as_fd(), 1 << 20).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
