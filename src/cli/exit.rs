//! How the program ends: the exit codes that other programs rely on.

use crate::plan::ConfigError;
use crate::sys::advice::explained;
use std::io;
use std::path::PathBuf;

/// What the program's caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all is well.
    Ok,
    /// 1: something has become worse than is allowed.
    Regression,
    /// 2: what was asked for makes no sense, or cannot be written; nothing was measured.
    Usage,
    /// 3: what cannot be compared, or not surely enough.
    NotComparable,
    /// 4: a case failed, or a check did.
    Failed,
    /// 130, 143 or 129: the user asked to stop, or the terminal is gone; what was measured is saved.
    Interrupted(u8),
}

impl Exit {
    /// As a number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Regression => 1,
            Exit::Usage => 2,
            Exit::NotComparable => 3,
            Exit::Failed => 4,
            Exit::Interrupted(code) => code,
        }
    }
}

/// Why a command stopped short.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// A mistake in what was asked for.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// A place that cannot be read or written, before anything was measured.
    #[error("{what}: {}", explained(source))]
    Place { what: String, source: io::Error },
    /// A file that is not what it should be.
    #[error("{what}: {why}")]
    Content { what: String, why: String },
    /// Things that do not bear a comparison.
    #[error("{0}")]
    NotComparable(String),
    /// The system refused in the middle.
    #[error("{}", explained(.0))]
    Io(#[from] io::Error),
    /// Records that cannot be kept any more, in the middle of a run.
    #[error("{}: {}; what was measured until then is kept", .directory.display(), explained(source))]
    Kept { directory: PathBuf, source: io::Error },
    /// Standard output that takes nothing more.
    #[error("standard output: {}", explained(.0))]
    Output(io::Error),
}

impl Stop {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Stop::Config(_) | Stop::Place { .. } | Stop::Content { .. } => Exit::Usage,
            Stop::NotComparable(_) => Exit::NotComparable,
            Stop::Io(_) | Stop::Kept { .. } | Stop::Output(_) => Exit::Failed,
        }
    }
}
