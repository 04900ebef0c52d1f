//! Records from disk.

use super::environment::Environment;
use super::row::{Record, SCHEMA};
use super::store::{ENVIRONMENT, PARTIAL, WHOLE};
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not a record.
    #[error("{path}:{line}: {message}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
        /// Whether a crash, or a copy that was broken off, may have done it: the last line, without its end.
        cut_short: bool,
    },
}

impl LoadError {
    /// Whether a crash, or a copy that was broken off, may have done it.
    pub fn is_cut_short(&self) -> bool {
        matches!(self, LoadError::Line { cut_short: true, .. })
    }
}

/// All that could be read of a run.
#[derive(Debug)]
pub struct Run {
    /// The file.
    pub file: PathBuf,
    /// Its records, in order.
    pub records: Vec<Record>,
    /// The lines that are none.
    pub faults: Vec<LoadError>,
    /// What stands beside the file, if it is there and can be read.
    pub environment: Option<Environment>,
}

/// What a record of any schema says.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

/// Reads what can be read of a file of records, or of a run's directory, whole or partial. Fields that are not known are
/// ignored.
///
/// # Errors
/// If there is no such file.
pub fn read_run(path: &Path) -> Result<Run, LoadError> {
    let file = match path.is_dir() {
        true => [WHOLE, PARTIAL].map(|name| path.join(name)).into_iter().find(|file| file.exists()),
        false => Some(path.to_owned()),
    };
    let file = file.unwrap_or_else(|| path.join(WHOLE));
    // Bytes, not text: what is cut short may be cut inside a character.
    let bytes = fs::read(&file).map_err(|source| LoadError::Io { path: file.clone(), source })?;
    let (records, faults) = lines(&bytes, &file);
    let environment = file.parent().and_then(|beside| fs::read(beside.join(ENVIRONMENT)).ok());
    let environment = environment.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(Run { file, records, faults, environment })
}

/// The records in a file's bytes, and what is wrong with the other lines.
pub(crate) fn lines(bytes: &[u8], file: &Path) -> (Vec<Record>, Vec<LoadError>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let cut_short = !line.ends_with(b"\n");
        let fault = |message| LoadError::Line { path: file.to_owned(), line: index + 1, message, cut_short };
        match serde_json::from_slice::<Header>(line) {
            Ok(Header { schema }) if schema > SCHEMA => {
                faults.push(fault(format!("schema {schema}, this version reads up to {SCHEMA}")));
            }
            _ => match serde_json::from_slice::<Record>(line) {
                Ok(record) => records.push(record),
                Err(error) => faults.push(fault(error.to_string())),
            },
        }
    }
    (records, faults)
}

/// The runs in a place: itself, if it is one, else the directories in it that are, by name.
///
/// # Errors
/// If the place cannot be read.
pub fn runs_in(place: &Path) -> io::Result<Vec<PathBuf>> {
    let is_run = |path: &Path| path.is_file() || [WHOLE, PARTIAL].iter().any(|name| path.join(name).exists());
    if is_run(place) {
        return Ok(vec![place.to_owned()]);
    }
    let mut runs = Vec::new();
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if path.is_dir() && is_run(&path) {
            runs.push(path);
        }
    }
    runs.sort();
    Ok(runs)
}

/// The records of a file or of a run's directory, all of them but a last line that a crash cut short.
///
/// # Errors
/// Names the file and the line.
pub fn load(path: &Path) -> Result<Vec<Record>, LoadError> {
    let run = read_run(path)?;
    match run.faults.into_iter().find(|fault| !fault.is_cut_short()) {
        Some(fault) => Err(fault),
        None => Ok(run.records),
    }
}
