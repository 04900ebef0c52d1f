//! Lock-free rings of frames over bytes that two processes share.
//!
//! The law of shared memory holds here: nothing that a peer can write is believed. Each end keeps a private copy
//! of its own position and of the geometry, loads the peer's position once, checks it against the capacity, and
//! copies a frame's header out before it looks at it. Bytes of a frame are lent to one closure and to nobody else.
//!
//! | part | idea |
//! |---|---|
//! | [`shared`] | typed places in a segment, with the segment kept alive |
//! | [`atomic`] | what the protocols need of a word, so that a model checker can try them |
//! | [`spsc`] | the ring: one producer, one consumer (or several, each of which sees everything) |
//! | [`call`] | request and reply in one place, handed over in the payload's own line |
//! | [`mod@line`] | polling a line so as to own it |
//! | [`copy`] | copies past the cache |
//! | [`turns`] | a buffer that two threads own in turns |
//! | [`blocks`] | blocks of one size, free or filled, that two ends hand out to each other |
//! | [`bell`] | sleep and wake without a system call while nobody sleeps |
//! | [`ready`] | which of many links are worth a look |
//! | [`wait`] | spin, hybrid or block until something is there |
//! | [`fuzz`] | what holds for whatever a peer writes |

pub mod atomic;
pub mod bell;
pub mod blocks;
pub mod call;
pub mod copy;
pub mod fuzz;
pub mod line;
pub mod ready;
pub mod shared;
pub mod spsc;
pub mod turns;
pub mod wait;
