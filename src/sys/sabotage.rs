//! What this process shares with others, as somebody hostile uses it: for proofs that its peers bear it.

use super::mapping::Mapping;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::collections::BTreeSet;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU64;

/// Bytes of a word, which is what is changed at once.
const WORD: usize = 8;

/// Shared memory of ours that is mapped for reading and writing, mapped once more: it stays when its link lets go of it.
#[derive(Debug)]
pub struct SharedMemory(Vec<Mapping>);

impl SharedMemory {
    /// Where such memory begins now.
    ///
    /// # Errors
    /// If the kernel does not show this process its mappings (`proc_pid_maps(5)`).
    pub fn addresses() -> io::Result<BTreeSet<usize>> {
        Ok(lines()?.into_iter().map(|(start, _)| start).collect())
    }

    /// All of it that was not there before.
    ///
    /// # Errors
    /// As [`addresses`](Self::addresses), or if it cannot be mapped again.
    pub fn since(known: &BTreeSet<usize>) -> io::Result<SharedMemory> {
        let new = lines()?.into_iter().filter(|(start, _)| !known.contains(start));
        Ok(SharedMemory(new.map(|(start, len)| Mapping::again(start, len)).collect::<io::Result<_>>()?))
    }

    /// Words in each mapping.
    pub fn words(&self) -> Vec<usize> {
        self.0.iter().map(|mapping| mapping.len() / WORD).collect()
    }

    /// One of them.
    ///
    /// # Panics
    /// If there is none.
    pub fn word(&self, mapping: usize, word: usize) -> &AtomicU64 {
        let mapping = &self.0[mapping];
        assert!((word + 1) * WORD <= mapping.len());
        // SAFETY: inside the mapping, as just asserted.
        let at = unsafe { mapping.as_ptr().add(word * WORD) };
        // SAFETY: aligned (a mapping begins with a page), mapped as long as `self`, and only ever accessed atomically by us.
        unsafe { AtomicU64::from_ptr(at.cast()) }
    }
}

/// Start and length of each mapping of ours that is shared for reading and writing.
fn lines() -> io::Result<Vec<(usize, usize)>> {
    let ours = |(_, rest): &(Range<usize>, String)| rest.starts_with("rw-s") && rest.contains("ipcmark");
    Ok(mappings()?.into_iter().filter(ours).map(|(range, _)| (range.start, range.len())).collect())
}

/// This process's mappings: their addresses, and what else the kernel says of each, first its rights (`proc_pid_maps(5)`).
pub(super) fn mappings() -> io::Result<Vec<(Range<usize>, String)>> {
    let parts = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16));
        Some((start.ok()?..end.ok()?, rest.to_owned()))
    };
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().filter_map(parts).collect())
}

/// The numbers of this process's descriptors.
///
/// # Errors
/// If the kernel does not show them.
pub fn descriptors() -> io::Result<BTreeSet<i32>> {
    let entries = std::fs::read_dir("/proc/self/fd")?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// A copy of each descriptor that was not there before, with what the kernel calls it (`socket:[…]`, `/memfd:…`).
///
/// # Errors
/// As [`descriptors`].
pub fn descriptors_since(known: &BTreeSet<i32>) -> io::Result<Vec<(String, OwnedFd)>> {
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    let copy = |&number: &i32| {
        let name = std::fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        let file = pidfd_getfd(&own, number, PidfdGetfdFlags::empty()).ok()?;
        Some((name.to_string_lossy().into_owned(), file))
    };
    Ok(descriptors()?.difference(known).filter_map(copy).collect())
}

/// Sends bytes with a descriptor that nobody asked for, so many times (`SCM_RIGHTS`).
///
/// # Errors
/// What the kernel says of it.
pub fn send_with(
    socket: &OwnedFd,
    bytes: &[u8],
    descriptor: BorrowedFd<'_>,
    times: usize,
) -> rustix::io::Result<usize> {
    let rights = vec![descriptor; times];
    let mut space = vec![MaybeUninit::uninit(); SendAncillaryMessage::ScmRights(&rights).size()];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&rights));
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut control, flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::segment::{Backing, Segment};
    use std::sync::atomic::Ordering;

    #[test]
    fn what_is_changed_there_the_segment_holds() {
        let known = SharedMemory::addresses().unwrap();
        let segment = Segment::create(Backing::Memfd, 8192).unwrap();
        let memory = SharedMemory::since(&known).unwrap();
        // Other tests make segments meanwhile.
        segment.u64_at(80).store(0x1CE, Ordering::Relaxed); // one thread
        let words = memory.words();
        let ours = (0..words.len()).filter(|&n| words[n] == 1024);
        let ours = ours.filter(|&n| memory.word(n, 10).load(Ordering::Relaxed) == 0x1CE).collect::<Vec<_>>(); // one thread
        assert_eq!(ours.len(), 1);
        memory.word(ours[0], 1023).store(9, Ordering::Relaxed); // one thread
        assert_eq!(segment.u64_at(8184).load(Ordering::Relaxed), 9); // one thread
        drop(segment);
        assert_eq!(memory.word(ours[0], 1023).load(Ordering::Relaxed), 9, "it stays"); // one thread
    }
}
