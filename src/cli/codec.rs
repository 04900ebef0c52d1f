//! `ipcmark codec`: a message's bytes, to be read and written by people and scripts.

use super::exit::{Exit, Stop};
use super::output;
use crate::codec::{tagged, v8};
use clap::{Args as ClapArgs, Subcommand};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Bytes of a structured clone (V8's format, versions 13 to 15) to JSON that says all of the value
    Decode(Source),
    /// Such JSON to the bytes that V8 writes; views that come without their buffer are written as Node writes them
    Encode(Source),
}

#[derive(Debug, ClapArgs)]
struct Source {
    /// What to read; `-` is standard input
    file: PathBuf,
}

impl Source {
    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    fn name(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { self.file.display().to_string() }
    }

    fn bytes(&self) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let read = match self.is_stdin() {
            true => io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
            false => std::fs::read(&self.file),
        };
        read.map_err(|source| Stop::Place { what: self.name(), source })
    }

    fn refuse(&self, why: impl ToString) -> Stop {
        Stop::Content { what: self.name(), why: why.to_string() }
    }
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    match &args.what {
        What::Decode(source) => {
            let message = v8::decode(&source.bytes()?).map_err(|error| source.refuse(error))?;
            let views = message.views.unwrap_or_default();
            let json = tagged::to_json(&message.value, views).map_err(|error| source.refuse(error))?;
            output::write(&format!("{json}\n"))?;
        }
        What::Encode(source) => {
            let text = String::from_utf8(source.bytes()?).map_err(|error| source.refuse(error))?;
            let (value, views) = tagged::from_json(&text).map_err(|error| source.refuse(error))?;
            let mut bytes = Vec::new();
            v8::encode(&value, views, &mut bytes).map_err(|error| source.refuse(error))?;
            output::write_bytes(&bytes)?;
        }
    }
    Ok(Exit::Ok)
}
