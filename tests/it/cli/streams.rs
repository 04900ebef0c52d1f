//! Standard output is for data, standard error for the rest; escape sequences only where they are wanted.

use crate::support::program::Place;
use crate::test;
use libtest_mimic::Trial;
use std::io::Read;
use std::process::{Command, Stdio};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::no escape sequence unless it is asked for", no_colour),
        test("cli::a reader that has gone is no error", gone_reader),
    ]
}

/// A run of one short trial.
const RUN: [&str; 11] = [
    "run",
    "--transport",
    "null",
    "--workload",
    "invoke",
    "--set",
    "pin=same",
    "--trials",
    "1",
    "--time",
    "0.01",
];

fn no_colour() {
    let place = Place::new();
    let ended = |color: &str, out, no_color: bool| {
        let mut command = place.command(&[&RUN[..], &["--color", color, "--out", out]].concat());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ended = place.start_command(command).wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(
            said(&ended.stderr),
            format!("1 records in {out}/records.jsonl"),
            "no progress off a terminal"
        );
        ended.stdout
    };
    for (color, out, no_color, wanted) in [
        ("never", "1", false, false),
        ("auto", "2", false, false),
        ("auto", "3", true, false),
        ("always", "4", false, true),
    ] {
        let table = ended(color, out, no_color);
        assert_eq!(table.contains('\u{1b}'), wanted, "--color {color}: {table:?}");
    }
    let mistake = place.run(&["run", "--set", "windows=0", "--color", "never"]);
    assert!(!mistake.stderr.contains('\u{1b}'));
    assert!(!place.run(&["rum"]).stderr.contains('\u{1b}'));
}

/// What a run says beside its plan.
fn said(stderr: &str) -> &str {
    let (plan, rest) = stderr.trim_end().split_once('\n').expect("a line before, and one after it");
    assert!(plan.starts_with("1 cases × 1 trials"), "{plan}");
    rest
}

/// As in `ipcmark … | head -c 1`: the reader may go before the first byte or after some.
fn gone_reader() {
    let place = Place::new();
    let through = |mut command: Command, bytes: usize| {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let mut pipe = child.stdout.take().expect("a pipe");
        pipe.read_exact(&mut vec![0; bytes]).expect("the first bytes");
        drop(pipe);
        let output = child.wait_with_output().expect("our child");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (args, bytes) in [(&["list"][..], 0), (&["list"], 1), (&["completions", "bash"], 1), (&["--help"], 0)]
    {
        let (code, stderr) = through(place.command(args), bytes);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
    }
    let run = [&RUN[..], &["--out", "out", "--format", "json"]].concat();
    let (code, stderr) = through(place.command(&run), 0);
    assert_eq!((code, said(&stderr)), (Some(0), "1 records in out/records.jsonl"));
}
