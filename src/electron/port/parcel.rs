//! A port on its way: the name by which it is claimed, and what waits in it.

use crate::electron::wire::{Malformed, Rest};
use crate::sys::chance::unguessable;
use serde::{Deserialize, Serialize};
use std::io;

/// A port's name. Who knows it may claim the port: nobody guesses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Token([u8; 16]);

impl std::fmt::Debug for Token {
    /// Not the name itself, which is a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    pub(super) fn new() -> io::Result<Token> {
        unguessable().map(Token)
    }
}

/// A port on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its name.
    pub(super) token: Token,
    /// Frames that it has received and nobody has seen.
    pub(super) incoming: Vec<Vec<u8>>,
    /// Frames that were posted to it and have no link yet.
    pub(super) outgoing: Vec<Vec<u8>>,
}

impl Parcel {
    /// Bytes of one with these frames.
    pub(super) fn len_of<'a>(frames: impl Iterator<Item = &'a Vec<u8>>) -> usize {
        size_of::<Token>()
            + 2 * size_of::<u32>()
            + frames.map(|frame| size_of::<u32>() + frame.len()).sum::<usize>()
    }

    pub(in crate::electron) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.token.0);
        for list in [&self.incoming, &self.outgoing] {
            out.extend_from_slice(&(list.len() as u32).to_le_bytes());
            for frame in list {
                out.extend_from_slice(&(frame.len() as u32).to_le_bytes());
                out.extend_from_slice(frame);
            }
        }
    }

    pub(in crate::electron) fn read(rest: &mut Rest<'_>) -> Result<Parcel, Malformed> {
        let token = Token(rest.array()?);
        Ok(Parcel { token, incoming: frames(rest)?, outgoing: frames(rest)? })
    }

    /// Its name.
    pub(in crate::electron) fn token(&self) -> Token {
        self.token
    }
}

/// A list grows as its frames are there, whatever number it claims.
fn frames(rest: &mut Rest<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut list = Vec::new();
    for _ in 0..u32::from_le_bytes(rest.array()?) {
        let len = u32::from_le_bytes(rest.array()?);
        list.push(rest.take(len as usize)?.to_vec());
    }
    Ok(list)
}
