//! The bytes that a channel has read and not yet taken apart (`Channel::ReadBuffer` in `mojo/core/channel.cc`): short while
//! messages are, as long as a long one while it comes.

/// Bytes at first, and fewest that a read offers room for.
const FIRST: usize = 4096;

/// More than so many bytes that nothing lies in are given back.
const UNUSED: usize = 4096;

/// The buffer.
#[derive(Debug)]
pub(super) struct ReadBuffer {
    bytes: Vec<u8>,
    /// What has not been taken lies in `start..end`.
    start: usize,
    end: usize,
}

impl ReadBuffer {
    pub(super) fn new() -> ReadBuffer {
        ReadBuffer { bytes: vec![0; FIRST], start: 0, end: 0 }
    }

    /// What has come and has not been taken.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Takes so many bytes, of which [`unread`](Self::unread) had at least as many.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let begin = self.start;
        self.start += count;
        &self.bytes[begin..self.start]
    }

    /// Room for at least `wanted` bytes, and for no fewer than [`FIRST`].
    #[inline]
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let (unread, wanted) = (self.end - self.start, wanted.max(FIRST));
        if unread == 0 {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > wanted + UNUSED {
                self.bytes = vec![0; wanted];
            }
        }
        if self.bytes.len() - self.end < wanted {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, unread);
            if self.bytes.len() < unread + wanted {
                self.bytes.resize((unread + wanted).max(2 * self.bytes.len()), 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes have come into the [`room`](Self::room).
    #[inline]
    pub(super) fn came(&mut self, count: usize) {
        self.end += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(buffer: &mut ReadBuffer, bytes: &[u8], wanted: usize) {
        let room = buffer.room(wanted);
        assert!(room.len() >= wanted.max(FIRST));
        room[..bytes.len()].copy_from_slice(bytes);
        buffer.came(bytes.len());
    }

    #[test]
    fn bytes_come_out_as_they_came_in() {
        let bytes: Vec<u8> = (0..200_000u32).map(|number| (number % 251) as u8).collect();
        let (mut buffer, mut given, mut taken) = (ReadBuffer::new(), 0, 0);
        for step in 0.. {
            let some = (step * 37 % 5000).min(bytes.len() - given);
            read(&mut buffer, &bytes[given..given + some], step % 3 * 4000);
            given += some;
            let some = (step * 41 % 5300).min(buffer.unread().len());
            assert_eq!(buffer.take(some), &bytes[taken..taken + some]);
            taken += some;
            assert_eq!(buffer.unread(), &bytes[taken..given]);
            if taken == bytes.len() {
                return;
            }
        }
    }

    #[test]
    fn it_doubles_and_shrinks_back() {
        let mut buffer = ReadBuffer::new();
        assert_eq!(buffer.room(0).len(), 4096);
        read(&mut buffer, &[1; 4000], 0);
        assert_eq!(buffer.room(0).len(), 8192 - 4000, "doubled");
        read(&mut buffer, &[2; 4000], 70_000);
        assert_eq!(buffer.room(66_000).len(), 66_000, "as much as was asked for");
        let _ = buffer.take(8000);
        assert_eq!(buffer.room(0).len(), 4096, "and no more than at first");
    }
}
