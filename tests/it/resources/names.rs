//! What a transport names: this user alone can reach it, nobody can guess it, and nothing that is there is taken over.

use crate::support::program::is_root;
use crate::test;
use ipcmark::sys::fd::pack;
use ipcmark::sys::leftovers::SHM_DIR;
use ipcmark::transport::mojo_like::MojoLike;
use ipcmark::transport::{Block, Error, Outbox, Result, Spec, Transport, Visit, visit_all};
use libtest_mimic::Trial;
use rustix::fs::{FileType, fstat};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Whom no file belongs to.
const NOBODY: u32 = 65_534;

pub(super) fn tests() -> Vec<Trial> {
    let why = if is_root() { "" } else { " (ignored: only root can become another user)" };
    vec![
        test(
            "resources::names are this user's alone, and in a directory of its own or of mode 0600",
            private,
        ),
        test(&format!("resources::another user cannot reach what a transport names{why}"), another_user)
            .with_ignored_flag(!is_root()),
        test(
            &format!("resources::another user who has a link's socket is no renderer{why}"),
            another_renderer,
        )
        .with_ignored_flag(!is_root()),
    ]
}

/// Binds every transport between processes and shows the paths in its addresses while they are there.
struct Named<F>(F);

impl<F: FnMut(&'static str, Vec<PathBuf>)> Visit for Named<F> {
    fn visit<T: Transport>(&mut self) {
        if T::CAPS.processes && !T::CAPS.echo {
            let spec = Spec { windows: 2, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
            let (bound, addresses) = T::bind(&spec).expect("a hub");
            let mut paths = Vec::new();
            for address in &addresses {
                let (bytes, _) = pack(address).expect("an address");
                texts(&serde_json::from_slice(&bytes).expect("JSON"), &mut paths);
            }
            (self.0)(T::NAME, paths);
            drop((bound, addresses));
        }
    }
}

/// The texts in an address that are paths, or names of shared memory.
fn texts(value: &Value, paths: &mut Vec<PathBuf>) {
    match value {
        Value::String(text) if text.starts_with('/') => {
            let shared = Path::new(SHM_DIR).join(&text[1..]);
            paths.push(if shared.exists() { shared } else { PathBuf::from(text) });
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, paths)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, paths)),
        _ => {}
    }
}

fn private() {
    let mut counts = BTreeMap::new();
    visit_all(&mut Named(|name, paths: Vec<PathBuf>| {
        for path in &paths {
            let found =
                std::fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let parent = std::fs::metadata(path.parent().expect("a directory")).expect("it is there");
            let mode = |of: &std::fs::Metadata| of.permissions().mode() & 0o777;
            assert_eq!(found.uid(), rustix::process::geteuid().as_raw());
            // A socket's own mode is that of the process's mask: its directory keeps others out.
            assert!(
                mode(&found) == 0o600 || mode(&parent) == 0o700,
                "{name}: {}: {:o}",
                path.display(),
                mode(&found)
            );
        }
        counts.insert(name, paths.len());
    }));
    // Those that are passed as descriptors have no names at all.
    for (name, named) in counts {
        let by_name = ["shm", "mmap-file", "fifo", "ipc-channel", "iceoryx2", "zeromq"].contains(&name);
        assert_eq!(named > 0, by_name, "{name} has {named} names");
    }
}

fn another_user() {
    let mut tried = 0;
    visit_all(&mut Named(|name, paths: Vec<PathBuf>| {
        for path in paths {
            #[expect(clippy::disallowed_methods, reason = "a process of another user, which is none of ours")]
            let mut command = Command::new("sh");
            // For reading and writing, which waits for nobody, were it a named pipe.
            command.args(["-c", "exec 3<>\"$0\"", &path.to_string_lossy()]).uid(NOBODY).gid(NOBODY);
            let output = command.stdin(Stdio::null()).output().expect("a shell");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(path.exists() && !output.status.success(), "{name}: {}", path.display());
            assert!(said.contains("Permission denied"), "{name}: {}: {said}", path.display());
            tried += 1;
        }
    }));
    assert!(tried >= 10, "{tried} names");
}

/// Who greets is asked for by the kernel, not by what it says.
fn another_renderer() {
    assert!(matches!(greeted_by(rustix::process::geteuid().as_raw()), Ok(())));
    let outcome = greeted_by(NOBODY);
    assert!(matches!(outcome, Err(Error::Closed { peer: Some(0) })), "{outcome:?}");
}

/// What becomes of main's first message when a process of that user has greeted as a renderer would, and lives.
fn greeted_by(user: u32) -> Result<()> {
    let spec = Spec { windows: 1, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, addresses) = MojoLike::bind(&spec).expect("a hub");
    let (_, fds) = pack(&addresses[0]).expect("an address");
    let is_socket = |fd: &_| FileType::from_raw_mode(fstat(fd).expect("a file").st_mode).is_socket();
    let socket = fds.into_iter().find(is_socket).expect("a socket");
    #[expect(clippy::disallowed_methods, reason = "a process of another user, which is none of ours")]
    let mut command = Command::new("sh");
    command.args(["-c", "printf ! >&0; exec sleep 60"]).uid(user).gid(user).stdin(socket);
    let mut greeter = command.spawn().expect("a shell");
    let (mut outbox, _inbox) = MojoLike::accept::<Block>(bound).expect("somebody");
    let sent = outbox.send_to(0, 9, |bytes| bytes.fill(1));
    greeter.kill().and_then(|()| greeter.wait()).expect("our child");
    sent
}
