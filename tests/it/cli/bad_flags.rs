//! Mistakes in flags: exit code 2 before anything is measured or made, the place named, the way out shown.

use crate::support::program::Place;
use crate::test;
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::mistakes in choosing cases are refused with a hint", || refused(CASES)),
        test("cli::mistakes in settings of a run are refused with a hint", || refused(SETTINGS)),
        test("cli::mistakes in other commands are refused with a hint", || refused(COMMANDS)),
        test("cli::a results directory that cannot be is said before measuring", no_place_for_results),
    ]
}

/// Arguments, and what standard error must hold: the place and the hint.
type Mistake = (&'static [&'static str], &'static [&'static str]);

const CASES: &[Mistake] = &[
    (&["run", "--transport", "pip"], &["--transport", "`pip`", "did you mean pipe?"]),
    (&["run", "--transport", "shm,UDS-steram"], &["--transport", "did you mean uds-stream?"]),
    (&["run", "--transport", "carrier-pigeon"], &["--transport", "known: null, shm, shm-memfd"]),
    (&["run", "--transport", "shm,"], &["--transport", "``", "known: null"]),
    (&["run", "--workload", "invok"], &["--workload", "`invok`", "did you mean invoke?"]),
    (&["run", "--workload", "invoke,sned"], &["--workload", "did you mean send?"]),
    (&["run", "--set", "wait"], &["--set wait", "write VARIABLE=VALUE"]),
    (&["run", "--set", "windws=2"], &["--set", "`windws`", "did you mean windows?"]),
    (&["run", "--set", "=3"], &["--set", "known: placement, windows"]),
    (&["run", "--set", "windows=0"], &["--set", "windows=0", "from 1 to 64"]),
    (&["run", "--set", "windows=65"], &["--set", "windows=65", "from 1 to 64"]),
    (&["run", "--set", "windows=two"], &["--set", "windows=two", "from 1 to 64"]),
    (&["run", "--set", "in_flight=0"], &["--set", "in_flight=0", "from 1 to 1024"]),
    (&["run", "--set", "in_flight=1025"], &["--set", "in_flight=1025", "from 1 to 1024"]),
    (&["run", "--set", "payload=65MiB"], &["--set", "payload=65MiB", "at most 64MiB"]),
    (&["run", "--set", "payload=67108865"], &["--set", "payload=67108865", "at most 64MiB"]),
    (&["run", "--set", "payload=99999999999999999999"], &["--set", "payload=", "64, 4KiB or 1MiB"]),
    (&["run", "--set", "payload=4kb"], &["--set", "payload=4kb", "64, 4KiB or 1MiB"]),
    (&["run", "--set", "payload=-1"], &["--set", "payload=-1", "64, 4KiB or 1MiB"]),
    (&["run", "--set", "payload="], &["--set", "payload=", "64, 4KiB or 1MiB"]),
    (&["run", "--set", "placement=thred"], &["--set", "placement", "did you mean thread?"]),
    (&["run", "--set", "pin=cros"], &["--set", "pin", "did you mean cross?"]),
    (&["run", "--set", "wait=blok"], &["--set", "wait", "did you mean block?"]),
    (&["run", "--set", "pin=same,cross"], &["--set", "pin", "known: cross, same, free"]),
    (&["run", "--set", "pin=same", "--set", "pin=same"], &["--set", "pin is given twice"]),
    (&["run", "--set", "pin=same", "--vary", "pin=same,cross"], &["--vary", "pin is given twice"]),
    (&["run", "--vary", "payload"], &["--vary payload", "write VARIABLE=VALUE"]),
    (&["run", "--vary", "payload=64,,4"], &["--vary", "payload=", "64, 4KiB or 1MiB"]),
    (&["run", "--vary", "pin=same,crss"], &["--vary", "pin", "did you mean cross?"]),
    (&["run", "--vary", "windows=1,2,640"], &["--vary", "windows=640", "from 1 to 64"]),
    (&["run", "--filter", "nothing*"], &["--filter nothing*", "ipcmark list cases"]),
    (&["--transport", "pip"], &["--transport", "did you mean pipe?"]),
    (&["--set", "windows=0"], &["--set", "windows=0", "from 1 to 64"]),
];

const SETTINGS: &[Mistake] = &[
    (&["run", "--trials", "0"], &["--trials", "1..=10000"]),
    (&["run", "--trials", "10001"], &["--trials", "1..=10000"]),
    (&["run", "--trials", "few"], &["--trials", "invalid digit"]),
    (&["run", "--time", "0"], &["--time", "from 0.001 to 86400"]),
    (&["run", "--time", "nan"], &["--time", "from 0.001 to 86400"]),
    (&["run", "--time", "1e9"], &["--time", "from 0.001 to 86400"]),
    (&["run", "--time", "1s"], &["--time", "from 0.001 to 86400"]),
    (&["run", "--budget", "0"], &["--budget", "from 0.001 to 86400"]),
    (&["run", "--budget", "soon"], &["--budget", "from 0.001 to 86400"]),
    (&["run", "--seed", "281474976710656"], &["--seed", "0..281474976710656"]),
    (&["run", "--seed", "x"], &["--seed", "invalid digit"]),
    (&["run", "--quick", "--full"], &["--quick", "--full", "cannot be used with"]),
    (&["run", "--format", "jsn"], &["--format", "a similar value exists: 'json'"]),
    (&["run", "--format", "xml"], &["--format", "table, json, jsonl, csv, markdown"]),
    (&["run", "--color", "allways"], &["--color", "a similar value exists: 'always'"]),
    (&["run", "--frmat", "json"], &["--frmat", "a similar argument exists: '--format'"]),
    (&["run", "--tials", "3"], &["--tials", "a similar argument exists: '--trials'"]),
    (&["run", "--out"], &["--out <DIR>", "a value is required"]),
    (&["run", "one.toml", "two.toml"], &["two.toml", "unexpected"]),
    (&["run", "no-such.toml"], &["no-such.toml", "No such file"]),
    (&["run", "."], &["suite .", "directory"]),
];

const COMMANDS: &[Mistake] = &[
    (&["rum"], &["'rum'", "a similar subcommand exists: 'run'"]),
    (&["verfy"], &["'verfy'", "a similar subcommand exists: 'verify'"]),
    (&["--trials", "2", "run"], &["--trials", "'run' cannot be used with"]),
    (&["list", "transprts"], &["'transprts'", "a similar value exists: 'transports'"]),
    (&["list", "cases", "--transport", "pip"], &["--transport", "did you mean pipe?"]),
    (&["list", "cases", "--suite", "no-such.toml"], &["no-such.toml", "No such file"]),
    (&["list", "--format", "csv"], &["--format", "table, json"]),
    (&["floor", "--format", "jsn"], &["--format", "a similar value exists: 'json'"]),
    (&["floor", "here"], &["'here'", "unexpected"]),
    (&["verify", "--messages", "0"], &["--messages", "1.."]),
    (&["verify", "--transport", "pip"], &["--transport", "did you mean pipe?"]),
    (&["verify", "--kill", "2", "--transport", "pipe,udp"], &["--transport", "`udp`", "shm, shm-memfd"]),
    (&["verify", "--soak", "1m", "--transport", "tcp"], &["--soak", "--transport"]),
    (&["verify", "--kill", "2", "--set", "windows=2"], &["--kill", "--set"]),
    (&["verify", "--workload", "brodcast"], &["--workload", "did you mean broadcast?"]),
    (&["verify", "--set", "windows=0"], &["--set", "windows=0", "from 1 to 64"]),
    (&["verify", "--filter", "nothing"], &["--filter nothing", "ipcmark list cases"]),
    (&["completions", "bsh"], &["'bsh'", "a similar value exists: 'bash'"]),
    (&["completions"], &["<SHELL>", "required"]),
];

fn refused(mistakes: &[Mistake]) {
    let place = Place::new();
    let mut wrong = Vec::new();
    for (args, wanted) in mistakes {
        let ended = place.run(args);
        let missing = wanted.iter().any(|text| !ended.stderr.contains(text));
        if ended.code != Some(2) || !ended.stdout.is_empty() || missing {
            wrong.push(format!("{args:?} → {:?}, wanted {wanted:?} in: {}", ended.code, ended.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(place.names().is_empty(), "something was made: {:?}", place.names());
}

/// Tests run as root too, whom a read-only directory does not stop: these places stop everybody.
fn no_place_for_results() {
    let place = Place::new();
    place.write("file", "");
    for out in ["file", "file/below", "/proc/ipcmark-results", "/dev/null/here"] {
        let args = ["run", "--transport", "pipe", "--workload", "invoke", "--time", "30", "--out", out];
        let ended = place.run(&args);
        assert_eq!(ended.code, Some(2), "{out}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("results directory {out}: ")), "{}", ended.stderr);
        assert!(ended.stdout.is_empty());
    }
    assert_eq!(place.names(), ["file"]);
}
