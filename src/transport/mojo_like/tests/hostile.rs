//! A renderer that breaks the protocol: its link ends with `Corrupt`, or it harms nobody but itself.

use super::super::message::{HEADER, Message};
use super::*;
use crate::sys::region::Fresh;
use crate::sys::segment::Segment;
use crate::transport::{Inbox, Outbox, Rx, Tx};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::sync::atomic::{AtomicBool, Ordering};

const MAX: usize = 200_000;

/// Renderer 0, by hand: its socket, its link's memory, and the bytes of that.
struct Hostile {
    socket: OwnedFd,
    memory: LinkMemory,
    bytes: Segment,
}

impl Hostile {
    fn say(&self, message: Message) {
        self.write(&message.header());
    }

    fn write(&self, bytes: &[u8]) {
        crate::sys::fd::write_all(self.socket.as_fd(), bytes).unwrap();
    }

    fn words(&self, words: [u32; 4]) {
        self.write(&words.map(u32::to_le_bytes).concat());
    }

    /// Names a region, with a descriptor of something.
    fn region(&self, len: usize, file: impl AsFd) {
        pass(&self.socket, &Message::Region { len }.header(), &[file.as_fd()]);
    }

    /// Fills a block as it should be.
    fn fill(&self, len: usize) -> (u32, u32) {
        let (pool, block) = self.memory.reserve(len).unwrap();
        (pool, block.fill(len, |bytes| bytes.fill(1)))
    }

    /// Writes the word of a block of 64 bytes.
    fn set_word(&self, block: u32, word: u64) {
        self.bytes.u64_at(1024 + 64 * block as usize).store(word, Ordering::Relaxed); // the socket orders it
    }
}

/// A hub with the hostile renderer and, as number 1, an honest one.
fn hub() -> (MojoOutbox, MojoInbox, Hostile, (MojoTx, MojoRx)) {
    hub_after(|socket| greeting::greet(socket).unwrap())
}

/// The same, where the hostile one begins in its own way.
fn hub_after(first: impl FnOnce(&OwnedFd)) -> (MojoOutbox, MojoInbox, Hostile, (MojoTx, MojoRx)) {
    let spec = Spec { windows: 2, max_frame: MAX, spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, addresses) = MojoLike::bind(&spec).unwrap();
    let [Address { socket, memory, .. }, honest] = <[Address; 2]>::try_from(addresses).unwrap();
    first(&socket.0);
    let honest = MojoLike::connect::<Block>(honest).unwrap();
    let (outbox, inbox) = MojoLike::accept::<Block>(bound).unwrap();
    let Handle::Memory(Descriptor(file)) = memory else { panic!("a descriptor") };
    let handle = || Handle::Memory(Descriptor(file.try_clone().unwrap()));
    let bytes = Segment::open(handle(), memory::PRIMARY).unwrap();
    let hostile = Hostile { socket: socket.0, memory: LinkMemory::open(handle()).unwrap(), bytes };
    (outbox, inbox, hostile, honest)
}

/// The honest renderer and main go on as ever.
fn honest_goes_on(outbox: &mut MojoOutbox, inbox: &mut MojoInbox, (tx, rx): &mut (MojoTx, MojoRx)) {
    for len in [0, 50, 5000, 70_000] {
        tx.send(len, |bytes| bytes.fill(7)).unwrap();
        inbox.recv(|peer, bytes| assert!(peer == 1 && bytes == vec![7; len])).unwrap();
        outbox.send_to(1, len, |bytes| bytes.fill(8)).unwrap();
        rx.recv(|bytes| assert!(bytes == vec![8; len])).unwrap();
    }
}

/// An attack ends its link, once, and nothing else.
fn refused(name: &str, attack: impl FnOnce(&Hostile)) {
    let (mut outbox, mut inbox, hostile, mut honest) = hub();
    honest_goes_on(&mut outbox, &mut inbox, &mut honest);
    attack(&hostile);
    let outcome = inbox.recv(|peer, bytes| (peer, bytes.len()));
    assert!(matches!(outcome, Err(Error::Broken { peer: 0, .. })), "{name}: {outcome:?}");
    honest_goes_on(&mut outbox, &mut inbox, &mut honest);
    let sent = outbox.send_to(0, 50, |bytes| bytes.fill(0));
    assert!(matches!(sent, Err(Error::Closed { peer: Some(0) })), "{name}: {sent:?}");
    while rustix::io::read(&hostile.socket, &mut [0; 64]) != Ok(0) {} // and it is told
    drop(honest);
    let ends = [(); 2].map(|()| inbox.recv(|_, _| ()));
    assert!(matches!(ends[0], Err(Error::Closed { peer: Some(1) })), "{name}: {ends:?}");
    assert!(matches!(ends[1], Err(Error::Closed { peer: None })), "{name}: {ends:?}");
}

#[test]
fn who_does_not_greet_loses_its_link_alone() {
    let (mut outbox, mut inbox, hostile, mut honest) =
        hub_after(|socket| assert_eq!(rustix::io::write(socket, b"?!"), Ok(2)));
    let sent = outbox.send_to(0, 50, |bytes| bytes.fill(0));
    assert!(matches!(sent, Err(Error::Closed { peer: Some(0) })), "{sent:?}");
    // What lay behind is a part of a header at most, whose rest never comes.
    let outcome = inbox.recv(|_, _| ());
    assert!(matches!(outcome, Err(Error::Closed { peer: Some(0) })), "{outcome:?}");
    assert!(rustix::io::write(&hostile.socket, b"!").is_err());
    honest_goes_on(&mut outbox, &mut inbox, &mut honest);
}

#[test]
fn headers_that_lie() {
    let long = MAX as u32 + 1;
    for words in [
        [0, 0, 0, 0],
        [u32::MAX, 0, 0, 0],
        [16 + long, 0, 0, 0],
        [16, 2, long, 0],
        [16, 2, u32::MAX, 0],
        [16, 99, 0, 0],
        [17, 1, 0, 1],
    ] {
        refused(&format!("{words:?}"), |hostile| hostile.words(words));
    }
}

#[test]
fn blocks_that_are_none() {
    for (pool, block) in [(0, 0), (0, 1484), (0, u32::MAX), (1, 1), (1 << 8, 1), (12 << 8, 1), (u32::MAX, 1)]
    {
        refused(&format!("block {block} of {pool:x}"), |hostile| hostile.say(Message::Block { pool, block }));
    }
    refused("a free block", |hostile| hostile.say(Message::Block { pool: 0, block: 700 }));
    refused("the same block twice", |hostile| {
        let (pool, block) = hostile.fill(50);
        hostile.memory.adopt(pool, block).unwrap().read(|_| ());
        hostile.say(Message::Block { pool, block });
    });
}

#[test]
fn lengths_that_a_block_has_not() {
    for word in [57, 64, 1 << 20, u64::from(u32::MAX), 1 << 62, u64::MAX] {
        refused(&format!("length {word:x}"), |hostile| {
            let (pool, block) = hostile.fill(50);
            hostile.set_word(block, word);
            hostile.say(Message::Block { pool, block });
        });
    }
}

#[test]
fn regions_that_could_be_taken_away() {
    let memory = |len: u64, seals: SealFlags| {
        let file = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&file, len).unwrap();
        fcntl_add_seals(&file, seals).unwrap();
        file
    };
    let all = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    refused("shorter than it says", |hostile| hostile.region(100_000, memory(99_999, all)));
    refused("not sealed", |hostile| hostile.region(100_000, memory(100_000, SealFlags::empty())));
    refused("sealed against growing alone", |hostile| {
        hostile.region(100_000, memory(100_000, SealFlags::GROW))
    });
    refused("a socket", |hostile| hostile.region(100_000, pair().0));
    refused("a file", |hostile| hostile.region(1, std::fs::File::open("/proc/self/exe").unwrap()));
    refused("nothing", |hostile| hostile.say(Message::Region { len: 100_000 }));
}

#[test]
fn descriptors_that_nobody_asked_for() {
    let file = Fresh::create(70_000).unwrap().fill(|_| ());
    let one = [file.as_fd()];
    let many = [file.as_fd(); 16];
    refused("sixteen", |hostile| pass(&hostile.socket, &Message::Region { len: 70_000 }.header(), &many));
    refused("one for each byte", |hostile| {
        Message::Region { len: 70_000 }.header().chunks(1).for_each(|byte| pass(&hostile.socket, byte, &one));
    });
    refused("beside a wish", |hostile| pass(&hostile.socket, &Message::WantPool { class: 3 }.header(), &one));
    refused("memory from a renderer", |hostile| {
        pass(&hostile.socket, &Message::AddPool { pool: 1 << 8 | 1 }.header(), &one);
    });
    refused("a wish for no class", |hostile| hostile.say(Message::WantPool { class: 12 }));
}

/// A list that is broken, in every way that a word can be: main sends on, in blocks or inline, and never waits for one.
#[test]
fn a_broken_list_of_blocks_is_its_own_harm() {
    let (mut outbox, mut inbox, hostile, mut honest) = hub();
    let mut bytes = [0; 256];
    for word in [0, 1, 1484, u64::from(u32::MAX), 1 << 63 | 1, u64::MAX] {
        for broken in [0, 1, 2] {
            hostile.set_word(broken, word);
            for _ in 0..5 {
                outbox.send_to(0, 50, |bytes| bytes.fill(3)).unwrap();
                assert!(matches!(rustix::io::read(&hostile.socket, &mut bytes), Ok(HEADER..)));
            }
        }
    }
    honest_goes_on(&mut outbox, &mut inbox, &mut honest);
}

#[test]
fn a_list_that_changes_for_ever_holds_nobody() {
    let (mut outbox, mut inbox, hostile, mut honest) = hub();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0u64.. {
                hostile.set_word(0, (round << 32) | (round % 1484));
                if stop.load(Ordering::Relaxed) {
                    break; // nothing to order
                }
            }
        });
        let mut bytes = [0; 256];
        for _ in 0..300 {
            outbox.send_to(0, 50, |bytes| bytes.fill(3)).unwrap();
            assert!(matches!(rustix::io::read(&hostile.socket, &mut bytes), Ok(HEADER..)));
            let (pool, block) = (0, 5);
            hostile.set_word(block, 50);
            hostile.say(Message::Block { pool, block });
            inbox.recv(|peer, bytes| assert_eq!((peer, bytes.len()), (0, 50))).unwrap();
        }
        stop.store(true, Ordering::Relaxed); // nothing to order
    });
    honest_goes_on(&mut outbox, &mut inbox, &mut honest);
}

/// Wishes are granted as far as a link may have memory, without waiting for whoever does not take it.
#[test]
fn endless_wishes_are_bounded() {
    let (mut outbox, mut inbox, hostile, mut honest) = hub();
    for _ in 0..2 {
        // In one write, which the socket holds.
        let wishes = (0..12).cycle().take(600).map(|class| Message::WantPool { class }.header());
        hostile.write(&wishes.collect::<Vec<_>>().concat());
        honest_goes_on(&mut outbox, &mut inbox, &mut honest);
    }
    hostile.say(Message::Inline { len: 0 });
    inbox.recv(|peer, bytes| assert_eq!((peer, bytes.len()), (0, 0))).unwrap();
    // All pools that a link may have: 31, 7 × 32, 16, 8, 4 and 2. Each was told of by one header.
    let (mut told, mut bytes) = (0, [0; HEADER]);
    rustix::io::ioctl_fionbio(&hostile.socket, true).unwrap();
    while rustix::io::read(&hostile.socket, &mut bytes) == Ok(HEADER) {
        told += 1;
    }
    assert!((12..=285).contains(&told), "{told} pools");
}
