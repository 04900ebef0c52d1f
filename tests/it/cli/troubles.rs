//! `verify` with trouble on demand, in its shortest form.

use crate::support::program::Place;
use crate::test;
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::verify --faults finds every fault, and none where there is none", faults),
        test("cli::verify --kill tells who is left, and leaves nothing", kills),
        test("cli::verify --hostile bears what a renderer does", hostile),
        test("cli::verify --signals stops at once, saves what it has and restores the terminal", signals),
        test("cli::verify --soak finds nothing that creeps", soak),
    ]
}

fn faults() {
    let ended = Place::new().run(&["verify", "--faults", "--no-progress"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("96 of 96 as they must be"), "{}", ended.stdout);
    for found in ["1 corrupt", "1 duplicated", "hung", "nothing, as it should be"] {
        assert!(ended.stdout.contains(found), "{found}: {}", ended.stdout);
    }
}

fn kills() {
    let place = Place::new();
    let ended =
        place.run(&["verify", "--kill", "50", "--transport", "pipe,shm", "--seed", "1", "--no-progress"]);
    // How soon is not judged here: other tests use the CPUs as well.
    assert!(matches!(ended.code, Some(0 | 4)), "{}{}", ended.stdout, ended.stderr);
    let rows: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.contains("pipes") || line.contains("shared memory"))
        .collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.trim_end().ends_with(" 0")), "{}", ended.stdout);
    assert!(place.run(&["verify", "--kill", "0"]).code == Some(2));
}

fn hostile() {
    let place = Place::new();
    let time = ["verify", "--hostile", "0.1", "--transport", "shm-memfd,uds-stream", "--seed", "5"];
    let ended = place.run(&[&time[..], &["--no-progress"]].concat());
    // How long an honest window waits is not judged here, as above.
    let mut faults = ended.stdout.lines().filter(|line| line.starts_with("FAULT"));
    assert!(faults.all(|fault| fault.contains("waited for")), "{}{}", ended.stdout, ended.stderr);
    assert!(
        matches!(ended.code, Some(0 | 4)) && ended.stdout.contains("broke the protocol"),
        "{}",
        ended.stdout
    );
}

fn soak() {
    let ended = Place::new().run(&["verify", "--soak", "3s", "--no-progress"]);
    // Beside other tests medians move, and the time may be too short for a verdict.
    assert!(matches!(ended.code, Some(0 | 4)), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("creeps"), "{}", ended.stdout);
    assert!(ended.stdout.contains("none lost, doubled, reordered or changed"), "{}", ended.stdout);
    let wrong = Place::new().run(&["verify", "--soak", "3 weeks"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("30m"), "{}", wrong.stderr);
}

fn signals() {
    let ended = Place::new().run(&["verify", "--signals", "10", "--seed", "3", "--no-progress"]);
    let rows = ["SIGINT", "SIGTERM", "SIGHUP", "SIGINT twice", "reader gone"];
    for row in rows {
        assert!(ended.stdout.contains(row), "{row}: {}{}", ended.stdout, ended.stderr);
    }
    // How soon is not judged here, as above: the lines below the table say what was wrong.
    let wrong: Vec<&str> =
        ended.stdout.lines().filter(|line| line.contains(" after ") && line.contains("s: ")).collect();
    let late = |line: &&str| line.contains("ended after") || line.contains("still runs");
    assert!(wrong.iter().all(late), "{}", ended.stdout);
    assert_eq!(ended.code, Some(if wrong.is_empty() { 0 } else { 4 }), "{}{}", ended.stdout, ended.stderr);
}
