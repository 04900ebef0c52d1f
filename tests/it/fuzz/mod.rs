//! The fuzz targets without a fuzzer: the committed corpus, then inputs made from it, always the same ones.

use crate::test;
use ipcmark::fuzz::{Mutator, TARGETS, Target};
use libtest_mimic::Trial;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many inputs are made for each target; 200,000 unless this says another number.
const CASES: &str = "IPCMARK_FUZZ_CASES";
/// A target of which fewer than one in so many inputs gets far tests little else than how it begins.
const ONE_IN: usize = 50;

pub(crate) fn tests() -> Vec<Trial> {
    let replay = |target: Target| test(&format!("fuzz::{}", target.name), move || replay(target));
    let tests = TARGETS.into_iter().map(replay);
    tests.chain([test("fuzz::every target has a program and a corpus", complete)]).collect()
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The committed inputs of a target and their names, in the order of those.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(place().join("corpus").join(target))
        .expect("a corpus")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("an input")))
        .collect();
    inputs.sort();
    inputs
}

fn replay(target: Target) {
    let cases: usize =
        std::env::var(CASES).map_or(200_000, |count| count.parse().expect("a number of cases"));
    let corpus = corpus(target.name);
    let run = |what: &dyn Fn() -> String, input: &[u8]| {
        let body = std::panic::AssertUnwindSafe(|| (target.body)(input));
        std::panic::catch_unwind(body).unwrap_or_else(|_| {
            panic!("{} of the target {} does not hold: {}", what(), target.name, input.escape_ascii())
        })
    };
    for (name, input) in &corpus {
        run(&|| name.clone(), input);
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    let mut mutator = Mutator::new(&inputs, 0x5EED);
    let far = (0..cases).filter(|case| run(&|| format!("input {case}"), mutator.next_input())).count();
    assert!(far >= cases / ONE_IN, "{far} of {cases} inputs got far");
}

/// `fuzz/` has what the list has, and nothing else.
fn complete() {
    let names = |directory: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(place().join(directory)).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        names.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
    };
    let listed: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("corpus"), listed, "fuzz/corpus (left) has a directory for each target (right)");
    assert_eq!(
        names("fuzz_targets"),
        listed,
        "fuzz/fuzz_targets (left) has a program for each target (right)"
    );
    let manifest = fs::read_to_string(place().join("Cargo.toml")).expect("a manifest");
    for name in listed {
        let program = fs::read_to_string(place().join(format!("fuzz_targets/{name}.rs"))).expect("a program");
        assert!(program.contains(&format!("run(\"{name}\", bytes)")), "{name} runs its own target");
        assert!(manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")), "{name} is in fuzz/Cargo.toml");
        assert!(!corpus(&name).is_empty(), "{name} has an input");
    }
}
