//! Mistakes in suite files: exit code 2 with file, line and column, and the nearest name.

use crate::support::program::Place;
use crate::test;
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::mistakes at the top of a suite have a place and a hint", || refused("", TOP)),
        test("cli::mistakes in a suite's cases have a place and a hint", || refused(HEAD, CASES)),
        test("cli::mistakes in a suite's targets have a place and a hint", || refused(TARGET, TARGETS)),
        test("cli::a suite that is no text is refused", no_text),
        test("cli::flags that leave nothing of a suite are refused", nothing_left),
    ]
}

/// Text of a suite, and what standard error must hold after `error: my.toml:`.
type Mistake = (&'static str, &'static str);

const TOP: &[Mistake] = &[
    ("this is not toml", "1:6: not TOML"),
    ("name = ", "1:8: not TOML"),
    ("name = 'a'\nname = 'b'\n", "2:1: not TOML: duplicate key"),
    ("", "1:1: a suite has at least one [[cases]]"),
    ("cases = []\n", "1:1: a suite has at least one [[cases]]"),
    ("nam = 'x'\n", "1:1: unknown key `nam`; did you mean name?"),
    ("case = 1\n", "1:1: unknown key `case`; did you mean cases?"),
    ("name = 3\n", "1:8: expected a string, found integer"),
    ("about = true\n", "1:9: expected a string, found boolean"),
    ("trials = 0\n", "1:10: trials: a whole number from 1"),
    ("trials = -3\n", "1:10: trials: a whole number from 1"),
    ("trials = 1.5\n", "1:10: expected trials: a whole number from 1"),
    ("trials = 10_001\n", "1:10: trials: a whole number from 1 to 10000"),
    ("trials = 99999999999999999999\n", "1:10: trials: a whole number from 1 to 10000"),
    ("time = 0\n", "1:8: time: seconds"),
    ("time = nan\n", "1:8: time: seconds"),
    ("time = inf\n", "1:8: time: seconds"),
    ("time = 1e300\n", "1:8: time: seconds"),
    ("time = 86_401\n", "1:8: time: seconds"),
    ("time = '1'\n", "1:8: expected time: seconds"),
    ("cases = 'x'\n", "1:9: expected [[cases]], found string"),
    ("cases = [1]\n", "1:10: expected [[cases]], found integer"),
    ("[cases]\ntransport = 'shm'\n", "1:1: expected [[cases]], found table"),
    (
        "targets = 1\n[[cases]]\ntransport = 'shm'\nworkload = 'send'\n",
        "1:11: expected [[targets]], found integer",
    ),
    (
        "targets = [1]\n[[cases]]\ntransport = 'shm'\nworkload = 'send'\n",
        "1:12: expected [[targets]], found integer",
    ),
    ("[[cases]]\n", "1:1: [[cases]] without transport"),
    ("[[cases]]\nworkload = 'send'\n", "1:1: [[cases]] without transport"),
    ("\n[[cases]]\ntransport = 'shm'\n", "2:1: [[cases]] without workload"),
    ("[[cases]]\ntransport = []\nworkload = 'send'\n", "1:1: [[cases]] without transport"),
    ("[[cases]]\ntransport = 1\n", "2:13: expected a string, found integer"),
    ("[[cases]]\ntransport = 'sham'\n", "2:13: unknown transport `sham`; did you mean shm?"),
    ("[[cases]]\ntransport = ['shm', 'pip']\n", "2:21: unknown transport `pip`; did you mean pipe?"),
    ("[[cases]]\nworkload = ['send', 'inwoke']\n", "2:21: unknown workload `inwoke`; did you mean invoke?"),
    ("[[cases]]\r\nworkload = 'sned'\r\n", "2:12: unknown workload `sned`; did you mean send?"),
    ("# ä\n[[cases]]\n\"ä\" = 1; \n", "3:7: not TOML"),
];

/// The lines before those of [`CASES`].
const HEAD: &str = "[[cases]]\ntransport = 'shm'\nworkload = 'invoke'\n";

const CASES: &[Mistake] = &[
    ("paylod = 64\n", "4:1: unknown key `paylod`; did you mean payload?"),
    ("colour = 'red'\n", "4:1: unknown key `colour`; known: placement"),
    ("[cases.windws]\n", "4:8: unknown key `windws`; did you mean windows?"),
    ("payload = []\n", "4:11: payload: no value"),
    ("payload = -1\n", "4:11: payload=-1: a size as 64, 4KiB or 1MiB"),
    ("payload = 1.5\n", "4:11: expected a string or a whole number, found float"),
    ("payload = true\n", "4:11: expected a string or a whole number, found boolean"),
    ("payload = 2026-01-01\n", "4:11: expected a string or a whole number, found datetime"),
    ("payload = [[1]]\n", "4:12: expected a string or a whole number, found array"),
    ("payload = '65MiB'\n", "4:11: payload=65MiB: at most 64MiB"),
    ("payload = [64, '4kb']\n", "4:16: payload=4kb: a size as 64, 4KiB or 1MiB"),
    ("windows = 0\n", "4:11: windows=0: a whole number from 1 to 64"),
    ("windows = [1, 65]\n", "4:15: windows=65: a whole number from 1 to 64"),
    ("in_flight = 2000\n", "4:13: in_flight=2000: a whole number from 1 to 1024"),
    ("placement = 'thred'\n", "4:13: unknown value of placement `thred`; did you mean thread?"),
    ("wait = 'spinn'\n", "4:8: unknown value of wait `spinn`; did you mean spin?"),
    ("pin = ['same', 'crossed']\n", "4:16: unknown value of pin `crossed`; did you mean cross?"),
    ("pin = 'ä'\n", "4:7: unknown value of pin `ä`; known: cross, same, free"),
    ("payload = 64\npayload = 65\n", "5:1: not TOML: duplicate key"),
    ("\n[[cases]]\ntransport = 'shm'\n", "5:1: [[cases]] without workload"),
];

/// The lines before those of [`TARGETS`]; two cases.
const TARGET: &str = "[[cases]]\ntransport = ['shm', 'pipe']\nworkload = 'invoke'\n[[targets]]\nname = 't'\n";

const TARGETS: &[Mistake] = &[
    ("", "4:1: [[targets]] without case"),
    ("cases = 'shm/*'\n", "6:1: unknown key `cases`; did you mean case?"),
    ("at_must = 1\n", "6:1: unknown key `at_must`; did you mean at_most?"),
    ("case = 1\n", "6:8: expected a string, found integer"),
    (
        "case = 'shm/invoke/payload=63/wait=block/pin=cross'\n",
        "6:8: unknown case `shm/invoke/payload=63/wait=block/pin=cross`; did you mean shm/invoke/payload=64/",
    ),
    ("case = 'tcp'\n", "6:8: unknown case `tcp`; known: shm/invoke/"),
    ("case = 'tcp/*'\n", "6:8: no case of this suite has a name like `tcp/*`"),
    ("case = 'shm/*'\nmetric = 'p5'\n", "7:10: unknown metric `p5`; did you mean p50?"),
    ("case = 'shm/*'\nmetric = 'messages'\n", "7:10: unknown metric `messages`; did you mean messages/s?"),
    ("case = 'shm/*'\nmetric = 'p50'\n", "4:1: [[targets]] without against"),
    ("case = 'shm/*'\nagainst = 'floor'\n", "4:1: [[targets]] without metric"),
    ("case = 'shm/*'\nagainst = '*'\n", "7:11: 2 cases match; name one"),
    ("case = 'shm/*'\nagainst = 'flor'\n", "7:11: unknown case `flor`"),
    (
        "case = 'shm/*'\nmetric = 'p50'\nagainst = 'floor'\n",
        "4:1: [[targets]] with one of at_most and at_least",
    ),
    (
        "case = 'shm/*'\nmetric = 'p50'\nagainst = 'floor'\nat_most = 1\nat_least = 1\n",
        "4:1: [[targets]] with one of at_most and at_least",
    ),
    ("at_most = 0\n", "6:11: a ratio from 0.001"),
    ("at_least = '1'\n", "6:12: expected a ratio from 0.001"),
    (
        "case = 'shm/*'\nmetric = 'MB/s'\nagainst = 'floor'\nat_most = 1\n",
        "7:10: no floor bounds MB/s: latencies and messages/s have one",
    ),
    (
        "case = '*'\nmetric = 'p50'\nagainst = 'pipe/*'\nat_most = 1\n",
        "4:1: [[targets]] that holds a case against itself",
    ),
    ("\n[[targets]]\ncase = 'shm/*'\n", "4:1: [[targets]] without case"),
];

fn refused(head: &str, mistakes: &[Mistake]) {
    let place = Place::new();
    let mut wrong = Vec::new();
    for (text, wanted) in mistakes {
        place.write("my.toml", head.to_owned() + text);
        let ended = place.run(&["run", "my.toml"]);
        let wanted = format!("error: my.toml:{wanted}");
        if ended.code != Some(2) || !ended.stdout.is_empty() || !ended.stderr.contains(&wanted) {
            wrong.push(format!("{text:?} → {:?}, wanted {wanted:?} in: {}", ended.code, ended.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(place.names(), ["my.toml"]);
}

fn no_text() {
    let place = Place::new();
    place.write("my.toml", b"name = '\xff\xfe'\n");
    let ended = place.run(&["run", "my.toml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("my.toml") && ended.stderr.contains("UTF-8"), "{}", ended.stderr);
    assert_eq!(place.names(), ["my.toml"]);
}

fn nothing_left() {
    let place = Place::new();
    place.write("my.toml", HEAD);
    for args in [["--transport", "pipe"], ["--workload", "send"]] {
        let ended = place.run(&["run", "my.toml", args[0], args[1]]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains("no cases"), "{}", ended.stderr);
    }
    assert_eq!(place.names(), ["my.toml"]);
}
