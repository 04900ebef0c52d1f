//! Rust source as the checks read it: lines of code without comments and texts, and where they stand.

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One source file.
pub(super) struct Source {
    /// Its path from the root of the repository.
    pub(super) name: String,
    pub(super) text: String,
}

/// All Rust files under some directories, which need not exist, in the order of their names.
pub(super) fn sources(directories: &[&str]) -> Vec<Source> {
    let mut waiting: Vec<PathBuf> = directories.iter().map(|directory| root().join(directory)).collect();
    let mut paths = Vec::new();
    while let Some(directory) = waiting.pop() {
        for path in read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.into_iter().map(Source::read).collect()
}

impl Source {
    pub(super) fn from_text(name: &str, text: &str) -> Source {
        Source { name: name.to_owned(), text: text.to_owned() }
    }

    fn read(path: PathBuf) -> Source {
        let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        let text = read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Source { name, text }
    }

    /// The room that a file under `src` belongs to; none has the door itself.
    pub(super) fn room(&self) -> Option<String> {
        let path = self.name.strip_prefix("src/")?;
        let first = path.split('/').next()?;
        (!["main.rs", "lib.rs"].contains(&path)).then(|| first.trim_end_matches(".rs").to_owned())
    }

    /// Numbers and lines, without comments and without what stands in quotes.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, String)> {
        let mut quoted = Quoted::No;
        self.text.lines().zip(1..).map(move |(line, number)| (number, bare(line, &mut quoted)))
    }

    /// The same with how many modules deep a line stands: `super::` so many times is the crate itself.
    pub(super) fn code_with_depth(&self) -> impl Iterator<Item = (usize, String, usize)> {
        let modules = self.name.trim_end_matches("/mod.rs").split('/').count() - 1;
        let mut inside = 0;
        self.code().map(move |(number, line)| {
            // As rustfmt leaves it: a module inside the file begins and ends in the first column.
            if line.ends_with('{') && (line.starts_with("mod ") || line.starts_with("pub mod ")) {
                inside = 1;
            } else if line == "}" {
                inside = 0;
            }
            (number, line, modules + inside)
        })
    }

    /// So many lines before line `number`, and that line, with their comments.
    pub(super) fn lines_before(&self, number: usize, count: usize) -> impl Iterator<Item = &str> {
        let first = (number - 1).saturating_sub(count);
        self.text.lines().skip(first).take(number - first)
    }
}

/// Whether a line begins inside of a text.
#[derive(Clone, Copy)]
enum Quoted {
    No,
    Text,
    /// `r#"…"#`, with so many marks.
    Raw(usize),
}

/// A line without its comment and without what stands in quotes.
fn bare(line: &str, quoted: &mut Quoted) -> String {
    let mut bare = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match *quoted {
            Quoted::Text if first == '\\' => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
            Quoted::Text if first == '"' => *quoted = Quoted::No,
            Quoted::Raw(marks) if first == '"' && rest[1..].starts_with(&"#".repeat(marks)) => {
                taken += marks;
                *quoted = Quoted::No;
            }
            Quoted::Text | Quoted::Raw(_) => {}
            Quoted::No if rest.starts_with("//") => break,
            Quoted::No if rest.starts_with("'\"'") => taken = 3,
            Quoted::No if rest.starts_with("'\\\"'") => taken = 4,
            Quoted::No if first == '"' => *quoted = Quoted::Text,
            Quoted::No => match raw_text(rest) {
                Some(marks) if !bare.chars().next_back().is_some_and(is_word) => {
                    taken = 2 + marks;
                    *quoted = Quoted::Raw(marks);
                }
                _ => bare.push(first),
            },
        }
        rest = &rest[taken..];
    }
    bare
}

/// How many marks begin a raw text here.
fn raw_text(rest: &str) -> Option<usize> {
    let rest = rest.strip_prefix('r')?;
    let marks = rest.chars().take_while(|&mark| mark == '#').count();
    rest[marks..].starts_with('"').then_some(marks)
}

/// The word that a text begins with.
pub(super) fn word(text: &str) -> Option<&str> {
    let end = text.find(|character| !is_word(character)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
