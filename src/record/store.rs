//! Records on disk: a line as each trial ends, under a name that says that the run is not over, until it is.
//!
//! A crash loses at most the trial under way: what was written stays readable as `records.partial.jsonl`. A run that ends,
//! also by Ctrl-C, renames it to `records.jsonl` in one step.

use super::environment::Environment;
use super::id::now_utc;
use super::row::{Record, SCHEMA};
use serde::Deserialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const WHOLE: &str = "records.jsonl";
const PARTIAL: &str = "records.partial.jsonl";
const ENVIRONMENT: &str = "environment.json";

/// A run's directory, open for writing.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    file: File,
    environment: Environment,
}

impl Store {
    /// Makes the directory and its first files, so that a place that cannot be written is known before anything is
    /// measured.
    ///
    /// # Errors
    /// `AlreadyExists` if the directory holds a run: records are never rewritten.
    pub fn create(directory: &Path, environment: Environment) -> io::Result<Store> {
        fs::create_dir_all(directory)?;
        if [WHOLE, PARTIAL].iter().any(|name| directory.join(name).exists()) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it holds a run already; name another"));
        }
        let file = OpenOptions::new().write(true).create_new(true).open(directory.join(PARTIAL))?;
        let store = Store { directory: directory.to_owned(), file, environment };
        store.write_environment()?;
        Ok(store)
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Adds a record: one write of one line.
    ///
    /// # Errors
    /// As the file system says; what was written before stays.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Ends the run; `partial` if trials are missing. Answers where the records are.
    ///
    /// # Errors
    /// As the file system says; the records then stay under the partial name.
    pub fn finish(mut self, partial: bool) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        self.environment.finished = Some(now_utc());
        self.environment.partial = partial;
        self.write_environment()?;
        let whole = self.directory.join(WHOLE);
        fs::rename(self.directory.join(PARTIAL), &whole)?;
        File::open(&self.directory)?.sync_all()?;
        Ok(whole)
    }

    fn write_environment(&self) -> io::Result<()> {
        let next = self.directory.join("environment.json.next");
        let mut file = File::create(&next)?;
        file.write_all(serde_json::to_string_pretty(&self.environment)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(next, self.directory.join(ENVIRONMENT))
    }
}

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
    },
}

/// What a record of any schema says.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

/// Reads the records of a file or of a run's directory, whole or partial. Fields that are not known are ignored, and so
/// is a last line that a crash cut short.
///
/// # Errors
/// Names the file and the line.
pub fn load(path: &Path) -> Result<Vec<Record>, LoadError> {
    let file = match path.is_dir() {
        true => [WHOLE, PARTIAL].map(|name| path.join(name)).into_iter().find(|file| file.exists()),
        false => None,
    }
    .unwrap_or_else(|| path.to_owned());
    // Bytes, not text: what is cut short may be cut inside a character.
    let bytes = fs::read(&file).map_err(|source| LoadError::Io { path: file.clone(), source })?;
    let mut records = Vec::new();
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let wrong = |message: String| LoadError::Line { path: file.clone(), line: index + 1, message };
        match serde_json::from_slice::<Header>(line) {
            Ok(Header { schema }) if schema > SCHEMA => {
                return Err(wrong(format!("schema {schema}, this version reads up to {SCHEMA}")));
            }
            _ => {}
        }
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => records.push(record),
            Err(_) if !line.ends_with(b"\n") => {} // cut short
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    Ok(records)
}
