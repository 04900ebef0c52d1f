//! What passes through the socket: a header, and behind it the frame if it is inline.
//!
//! ```text
//! bytes in all │ kind │ what the kind says, twice      four little-endian numbers of four bytes
//! ```
//!
//! A message of Chromium says more (a sequence number, a router, a hash of its handles: `ipcz/message.h`, `mojo/core/channel.h`), in some 150
//! bytes; what a doorbell costs is its system call.

use crate::transport::{Error, Result};

/// Bytes of a header.
pub(super) const HEADER: usize = 16;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A frame of `len` bytes, which follow.
    Inline { len: usize },
    /// A frame in a block of the link's memory, which says how long it is.
    Block { pool: u32, block: u32 },
    /// A frame of `len` bytes in a region of its own, whose descriptor goes beside.
    Region { len: usize },
    /// More memory for the link, whose descriptor goes beside (`AddBlockBuffer` in `ipcz/node_messages_generator.h`).
    AddPool { pool: u32 },
    /// There was no free block of a class: main shall add to it (`RequestMemory` there).
    WantPool { class: u32 },
}

impl Message {
    /// Its header.
    #[inline]
    pub(super) fn header(self) -> [u8; HEADER] {
        let (kind, first, second) = match self {
            Message::Inline { .. } => (0, 0, 0),
            Message::Block { pool, block } => (1, pool, block),
            Message::Region { len } => (2, len as u32, 0),
            Message::AddPool { pool } => (3, pool, 0),
            Message::WantPool { class } => (4, class, 0),
        };
        let mut header = [0; HEADER];
        let words = [self.size() as u32, kind, first, second];
        for (place, word) in header.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        header
    }

    /// Bytes in all.
    #[inline]
    pub(super) fn size(self) -> usize {
        match self {
            Message::Inline { len } => HEADER + len,
            _ => HEADER,
        }
    }

    /// What a header says, which anybody may have written: no frame is longer than `max_frame`.
    #[inline]
    pub(super) fn parse(header: &[u8; HEADER], max_frame: usize) -> Result<Message> {
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (size, first, second) = (word(0) as usize, word(8), word(12));
        let message = match word(4) {
            0 => Message::Inline { len: size.wrapping_sub(HEADER) },
            1 => Message::Block { pool: first, block: second },
            2 => Message::Region { len: first as usize },
            3 => Message::AddPool { pool: first },
            4 => Message::WantPool { class: first },
            _ => return Err(Error::Corrupt("kind of a message")),
        };
        match message {
            Message::Inline { len } | Message::Region { len } if len > max_frame => {
                Err(Error::Corrupt("length of a frame"))
            }
            Message::Region { len: 0 } => Err(Error::Corrupt("length of a region")),
            _ if size != message.size() => Err(Error::Corrupt("size of a message")),
            _ => Ok(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_was_meant() {
        let messages = [
            Message::Inline { len: 0 },
            Message::Inline { len: 1000 },
            Message::Block { pool: 3 << 8 | 1, block: 17 },
            Message::Region { len: 1000 },
            Message::AddPool { pool: 11 << 8 | 2 },
            Message::WantPool { class: 11 },
        ];
        for message in messages {
            assert_eq!(Message::parse(&message.header(), 1000).unwrap(), message);
        }
    }

    #[test]
    fn no_header_is_believed() {
        let header = |words: [u32; 4]| {
            let mut header = [0; HEADER];
            header
                .chunks_exact_mut(4)
                .zip(words)
                .for_each(|(place, word)| place.copy_from_slice(&word.to_le_bytes()));
            header
        };
        let refused = [
            [0, 0, 0, 0],
            [15, 0, 0, 0],
            [16 + 1001, 0, 0, 0],
            [u32::MAX, 0, 0, 0],
            [17, 1, 0, 0],
            [0, 1, 0, 0],
            [16, 2, 0, 0],
            [16, 2, 1001, 0],
            [16, 2, u32::MAX, 0],
            [16, 5, 0, 0],
            [16, u32::MAX, 0, 0],
        ];
        for words in refused {
            assert!(matches!(Message::parse(&header(words), 1000), Err(Error::Corrupt(_))), "{words:?}");
        }
    }
}
