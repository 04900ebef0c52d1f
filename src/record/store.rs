//! Records on disk: a line as each trial ends, under a name that says that the run is not over, until it is.
//!
//! A crash loses at most the trial under way: what was written stays readable as `records.partial.jsonl`. A run that ends,
//! also by Ctrl-C, renames it to `records.jsonl` in one step.

use super::environment::Environment;
use super::id::now_utc;
use super::row::Record;
use crate::sys::file::write_whole;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) const WHOLE: &str = "records.jsonl";
pub(super) const PARTIAL: &str = "records.partial.jsonl";
pub(super) const ENVIRONMENT: &str = "environment.json";

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
        // A run of which nobody knows how it was made is none.
        store.write_environment().inspect_err(|_| drop(fs::remove_file(directory.join(PARTIAL))))?;
        Ok(store)
    }

    /// Opens a run that was broken off, to add what is missing. What a crash left of a last line goes.
    ///
    /// # Errors
    /// As the file system says.
    pub fn resume(directory: &Path, mut environment: Environment) -> io::Result<Store> {
        let partial = directory.join(PARTIAL);
        if directory.join(WHOLE).exists() {
            fs::rename(directory.join(WHOLE), &partial)?;
        }
        let lines = fs::read(&partial)?;
        let whole = lines.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let file = OpenOptions::new().append(true).open(&partial)?;
        file.set_len(whole as u64)?;
        environment.resumed.push(now_utc());
        (environment.finished, environment.partial) = (None, true);
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
        let text = serde_json::to_string_pretty(&self.environment)? + "\n";
        write_whole(&self.directory.join(ENVIRONMENT), text.as_bytes())
    }
}
