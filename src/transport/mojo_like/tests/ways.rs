//! Which way frames go.

use super::super::memory::block_size;
use super::super::message::Message;
use super::super::reader::{Frame, Reader, Side};
use super::super::writer::Writer;
use super::*;
use crate::transport::round::Source;
use std::sync::Arc;

const MAX: usize = 300_000;

/// Both ends of one direction.
struct Way {
    writer: Writer,
    reader: Reader<Arc<LinkMemory>>,
    ours: Arc<LinkMemory>,
    theirs: Arc<LinkMemory>,
}

/// Adds what it is sent.
impl Side for Arc<LinkMemory> {
    fn control(&mut self, message: Message, file: Option<OwnedFd>) -> Result<()> {
        match message {
            Message::AddPool { pool } => self.add_from(pool, file.expect("a file")),
            other => panic!("{other:?}"),
        }
    }
}

impl Way {
    fn new() -> Way {
        let (memory, handle) = LinkMemory::create().unwrap();
        let (ours, theirs) = (Arc::new(memory), Arc::new(LinkMemory::open(handle).unwrap()));
        let (write, read) = pair();
        let writer = Writer::new(write, block(), MAX, Arc::clone(&ours)).unwrap();
        let reader = Reader::new(read, block(), MAX, Arc::clone(&theirs), Arc::clone(&theirs)).unwrap();
        Way { writer, reader, ours, theirs }
    }

    /// Sends a frame and receives it; answers by which message, and the class of blocks that was missing.
    fn goes(&mut self, len: usize) -> (Message, Option<usize>) {
        let byte = |at: usize| (at * 31 + len) as u8;
        let fill = |bytes: &mut [u8]| {
            assert_eq!(bytes.len(), len);
            bytes.iter_mut().enumerate().for_each(|(at, place)| *place = byte(at));
        };
        // What is longer than the socket's buffer must be read meanwhile.
        let Way { writer, reader, .. } = self;
        std::thread::scope(|scope| {
            let missing = scope.spawn(|| writer.send(None, len, fill).unwrap());
            let found = loop {
                if let Some(found) = reader.complete().unwrap() {
                    break found;
                }
                reader.fill(true, None).unwrap();
            };
            let mut copy = vec![9; 3];
            match reader.frame(found).unwrap() {
                Frame::Inline(bytes) => copy = bytes.to_vec(),
                Frame::Block(block) => block.copy_to(&mut copy),
                Frame::Region(region) => region.copy_to(&mut copy),
            }
            assert!(
                copy.len() == len && copy.iter().enumerate().all(|(at, &got)| got == byte(at)),
                "{len} bytes"
            );
            (found, missing.join().unwrap())
        })
    }
}

#[test]
fn the_limit_of_a_message_is_electrons() {
    assert_eq!(path_of(0), Path::Inline);
    assert_eq!([1, 56, 57, 4088, 4089].map(path_of), [64, 64, 128, 4096, 8192].map(Path::Block));
    assert_eq!(path_of(65_535), Path::Block(131_072));
    assert_eq!(path_of(65_536), Path::Block(131_072));
    assert_eq!(path_of(65_537), Path::Region);
}

#[test]
fn around_every_threshold_frames_go_where_they_shall() {
    let mut way = Way::new();
    let edges = (6..=17).map(|power| (1 << power) - 8).flat_map(|edge| [edge - 1, edge, edge + 1]);
    let lens: Vec<usize> = edges.chain([0, 1, 63, 64, 4095, 4096, 65_535, 65_536, 65_537, MAX]).collect();
    for round in 0..3 {
        for &len in &lens {
            let (message, missing) = way.goes(len);
            let right = match (path_of(len), message) {
                (Path::Inline, Message::Inline { .. }) | (Path::Region, Message::Region { .. }) => {
                    missing.is_none()
                }
                (Path::Block(_), Message::Block { .. }) => missing.is_none(),
                // The first of a size that the primary memory lacks.
                (Path::Block(size), Message::Inline { .. }) => {
                    round == 0 && missing == Some((size / 64).ilog2() as usize)
                }
                _ => false,
            };
            assert!(right, "{len} bytes went by {message:?} in round {round}, missing {missing:?}");
            if let Some(class) = missing {
                assert!(way.writer.add(class));
            }
        }
    }
}

#[test]
fn without_a_free_block_a_frame_goes_inline_and_then_not() {
    for len in [56, 248, 4088, 8184, 65_536] {
        let mut way = Way::new();
        if let (Message::Inline { .. }, Some(class)) = way.goes(len) {
            while way.ours.room(class).is_some() {
                assert!(way.writer.add(class));
            }
            let _ = way.goes(0); // takes what was added
        }
        let theirs = Arc::clone(&way.theirs);
        let mut held: Vec<_> = std::iter::from_fn(|| theirs.reserve(len).ok()).collect();
        let (message, missing) = way.goes(len);
        assert!(matches!(message, Message::Inline { .. }) && missing.is_some(), "{len}: {message:?}");
        let (pool, block) = held.pop().unwrap();
        let block = block.fill(0, |_| ());
        way.ours.adopt(pool, block).unwrap().read(|_| ());
        assert_eq!(way.goes(len), (Message::Block { pool, block }, None), "{len} bytes in the only free one");
    }
}

#[test]
fn a_long_frame_may_come_inline() {
    // As where the sender has no descriptors left.
    let (write, read) = pair();
    let (memory, _handle) = LinkMemory::create().unwrap();
    let memory = Arc::new(memory);
    let mut reader = Reader::new(read, block(), MAX, Arc::clone(&memory), memory).unwrap();
    let bytes: Vec<u8> = (0..MAX).map(|at| (at * 7) as u8).collect();
    let message =
        [&Message::Inline { len: MAX }.header(), &bytes[..], &Message::Inline { len: 0 }.header()].concat();
    std::thread::scope(|scope| {
        scope.spawn(|| crate::sys::fd::write_all(write.as_fd(), &message).unwrap());
        for wanted in [&bytes[..], &[]] {
            let found = loop {
                match reader.complete().unwrap() {
                    Some(found) => break found,
                    None => reader.fill(true, None).unwrap(),
                };
            };
            let Frame::Inline(came) = reader.frame(found).unwrap() else { panic!("{found:?}") };
            assert!(came == wanted);
        }
    });
}

#[test]
fn every_block_has_the_size_that_its_path_says() {
    for len in 1..=INLINE {
        let Path::Block(size) = path_of(len) else { panic!("{len} bytes") };
        assert!(
            size == block_size(len) && size >= len + 8 && (size == 64 || size / 2 < len + 8),
            "{len} bytes"
        );
    }
}
