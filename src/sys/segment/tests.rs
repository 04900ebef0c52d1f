//! What two processes share, and what they cannot do to each other by it.

use super::*;
use crate::sys::sabotage::mappings;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::Ordering;

const ALL: [Backing; 3] = [Backing::Named, Backing::Memfd, Backing::File];

fn path_of(segment: &Segment) -> PathBuf {
    match segment.handle().unwrap() {
        Handle::Name(name) => Path::new(SHM_DIR).join(name.trim_start_matches('/')),
        Handle::Path(path) => path,
        Handle::Memory(_) => panic!("it has no path"),
    }
}

#[test]
fn both_ends_see_the_same_bytes() {
    for backing in ALL {
        let mut ours = Segment::create(backing, 8192).unwrap();
        let theirs = Segment::open(ours.handle().unwrap(), 8192).unwrap();
        ours.u64_at(4096).store(42, Ordering::Release); // SYNC: the Acquire load below
        assert_eq!(theirs.u64_at(4096).load(Ordering::Acquire), 42);
        ours.unlink();
        assert!(ours.handle().is_err() && theirs.handle().is_err(), "{backing:?} is out of reach");
        assert_eq!(ours.u64_at(4096).load(Ordering::Relaxed), 42, "and still mapped"); // one thread
    }
}

#[test]
fn a_name_goes_when_both_have_it_and_when_the_creator_lets_go() {
    for backing in [Backing::Named, Backing::File] {
        let mut segment = Segment::create(backing, 4096).unwrap();
        let (path, handle) = (path_of(&segment), segment.handle().unwrap());
        assert!(path.exists());
        segment.unlink();
        assert!(!path.exists());
        assert_eq!(Segment::open(handle, 4096).unwrap_err().kind(), io::ErrorKind::NotFound);
        let dropped = path_of(&Segment::create(backing, 4096).unwrap());
        assert!(!dropped.exists());
    }
}

#[test]
fn private_to_the_user_and_reserved_in_full() {
    for backing in [Backing::Named, Backing::File] {
        let segment = Segment::create(backing, 1 << 20).unwrap();
        let metadata = std::fs::metadata(path_of(&segment)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(metadata.blocks() * 512 >= 1 << 20, "space is reserved, not sparse");
    }
}

#[test]
fn too_short_and_too_large_are_errors() {
    for backing in ALL {
        let small = Segment::create(backing, 4096).unwrap();
        let refused = Segment::open(small.handle().unwrap(), 8192).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{backing:?}");
        assert!(Segment::create(backing, 1 << 50).is_err(), "more than any file system holds");
    }
}

#[test]
fn memory_that_its_sender_could_shrink_is_refused() {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
    let file = memfd_create("test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&file, 4096).unwrap();
    fcntl_add_seals(&file, SealFlags::GROW).unwrap();
    let refused = Segment::open(Handle::Memory(Descriptor(file)), 4096).unwrap_err();
    assert!(refused.to_string().contains("not sealed against shrinking"), "{refused}");
    let ours = Segment::create(Backing::Memfd, 4096).unwrap();
    let Handle::Memory(Descriptor(file)) = ours.handle().unwrap() else { panic!("a descriptor") };
    assert!(ftruncate(&file, 0).is_err(), "sealed");
}

/// S16: what main alone writes, a renderer cannot, also by asking the kernel again.
#[test]
fn what_is_to_be_read_cannot_be_written_by_whoever_opened_it() {
    for backing in ALL {
        let ours = Segment::create_to_be_read(backing, 8192).unwrap();
        let theirs = Segment::open_to_read(ours.handle().unwrap(), 8192).unwrap();
        ours.u64_at(64).store(7, Ordering::Relaxed); // one thread
        assert_eq!(theirs.u64_at(64).load(Ordering::Relaxed), 7); // one thread
        let start = format!("{:x}-", theirs.base.addr());
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut lines = maps.lines().skip_while(|line| !line.starts_with(&start));
        assert_eq!(lines.next().unwrap().split(' ').nth(1), Some("r--s"), "{backing:?}");
        let flags = lines.find(|line| line.starts_with("VmFlags:")).unwrap();
        assert!(!flags.contains(" mw"), "{backing:?} could be made writable: {flags}");
    }
    let ours = Segment::create_to_be_read(Backing::Memfd, 8192).unwrap();
    assert!(Segment::open(ours.handle().unwrap(), 8192).is_err(), "the seals allow no second writer");
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    let segment = Segment::create(Backing::File, 4096).unwrap();
    let (path, scratch) = (path_of(&segment), super::super::leftovers::ScratchDir::create().unwrap());
    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let refused = Segment::open(Handle::Path(link), 4096).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::ELOOP), "{refused}");
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    for (backing, place) in [(Backing::Named, SHM_DIR), (Backing::Memfd, "memory")] {
        let refused = Segment::create(backing, 1 << 50).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{} bytes in {place}: ", 1u64 << 50)), "{refused}");
    }
}

#[test]
#[should_panic(expected = "bytes")]
fn an_offset_outside_is_refused() {
    Segment::create(Backing::Named, 4096).unwrap().u64_at(4096);
}

/// What may be done with the page at this address.
fn rights_at(address: usize) -> Option<String> {
    let mappings = mappings().unwrap();
    mappings.into_iter().find(|(range, _)| range.contains(&address)).map(|(_, rest)| rest[..4].to_owned())
}

/// Whoever runs over an end, on either side of a link, is stopped there.
#[test]
fn nobody_may_touch_what_stands_beside_a_segment() {
    let page = rustix::param::page_size();
    for backing in ALL {
        for len in [page, page + 100] {
            let creator = Segment::create(backing, len).unwrap();
            let writer = Segment::open(creator.handle().unwrap(), len).unwrap();
            let reader = Segment::open_to_read(creator.handle().unwrap(), len).unwrap();
            for (segment, rights) in [(&creator, "rw-s"), (&writer, "rw-s"), (&reader, "r--s")] {
                let start = segment.bytes_at(0, 0).addr();
                let end = start + len.next_multiple_of(page);
                let found = [start - 1, start, end - 1, end].map(|address| rights_at(address).unwrap());
                assert_eq!(found, ["---p", rights, rights, "---p"], "{backing:?}, {len} bytes");
            }
        }
    }
}
