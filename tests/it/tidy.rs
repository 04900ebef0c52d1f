//! The invariants of the house that no compiler checks: read from the source as text.

mod source;

use crate::test;
use ipcmark::plan::not_built_in;
use ipcmark::transport::{ON_DEMAND, OnDemand, Transport, Visit, visit_all};
use libtest_mimic::Trial;
use source::{Source, is_word, root, sources, word};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::read_to_string;
use std::path::PathBuf;

/// Rooms from the top; a room imports itself and what stands after it.
const ROOMS: [&str; 13] = [
    "fuzz",
    "cli",
    "report",
    "stats",
    "record",
    "trial",
    "plan",
    "workload",
    "electron",
    "codec",
    "transport",
    "ring",
    "sys",
];

/// Rooms that stand below and are none of a room's business all the same: tables and statistics see records alone.
const FORBIDDEN: [(&str, &str); 4] =
    [("report", "transport"), ("report", "trial"), ("stats", "transport"), ("stats", "trial")];

/// Rooms that may be unsafe.
const UNSAFE: [&str; 2] = ["sys", "ring"];

/// Most lines in a file. About 300 is the aim; a few more are better than a bad cut.
const LONGEST: usize = 370;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("tidy::source_is_read_as_it_is_written", source_is_read_as_it_is_written),
        test("tidy::imports_only_go_down", imports_only_go_down),
        test("tidy::one_list_of_transports", one_list_of_transports),
        test("tidy::on_demand_is_what_features_build_in", on_demand_is_what_features_build_in),
        test("tidy::unsafe_stays_in_its_rooms", unsafe_stays_in_its_rooms),
        test("tidy::unsafe_says_why", unsafe_says_why),
        test("tidy::orderings_name_their_partners", orderings_name_their_partners),
        test("tidy::only_one_clock_measures", only_one_clock_measures),
        test("tidy::files_are_short", files_are_short),
        test("tidy::readme_names_no_place_of_this_machine", readme_names_no_place_of_this_machine),
    ]
}

fn imports_only_go_down() {
    let mut found = Findings::default();
    for file in sources(&["src"]) {
        let Some(room) = file.room() else { continue };
        let Some(floor) = ROOMS.iter().position(|&name| name == room) else {
            found.add(&file, 0, format!("`{room}` is not in the table of rooms"));
            continue;
        };
        let code: Vec<String> = file.code().map(|(_, line)| line).collect();
        for (number, import) in crate_paths(&code.join("\n")) {
            // What is no room is the crate's own root: `crate::enter_if_child`.
            let below = ROOMS.iter().position(|&name| name == import).is_none_or(|other| other >= floor);
            if !below || FORBIDDEN.contains(&(&room, import)) {
                found.add(&file, number, format!("{room} imports {import}"));
            }
        }
        for (number, line, depth) in file.code_with_depth() {
            if line.matches("super::").count() >= depth && line.contains(&"super::".repeat(depth)) {
                found.add(&file, number, format!("`{}` leaves {room}", "super::".repeat(depth)));
            }
        }
    }
    found.none("imports only go down: use a room below, or move what is shared");
}

fn one_list_of_transports() {
    #[derive(Default)]
    struct Names(Vec<&'static str>);
    impl Visit for Names {
        fn visit<T: Transport>(&mut self) {
            self.0.push(T::NAME);
        }
    }
    let mut listed = Names::default();
    visit_all(&mut listed);
    let mut written = Vec::new();
    for file in sources(&["src/transport"]) {
        let name = file
            .text
            .lines()
            .find_map(|line| line.split_once("const NAME: &'static str = \"")?.1.strip_suffix("\";"));
        let Some(name) = name else { continue };
        let stem = file.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        assert_eq!(stem, name.replace('-', "_"), "{} is named after its NAME", file.name);
        written.push(name.to_owned());
    }
    written.sort_unstable();
    let mut names = listed.0.clone();
    names.extend(not_built_in().iter().map(|absent| absent.name));
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "names are unique: {names:?}");
    assert_eq!(names, written, "visit_all and ON_DEMAND (left) have every transport that has a file (right)");
}

/// What a program cannot know of itself: which transports it was built without.
fn on_demand_is_what_features_build_in() {
    let list = read_to_string(root().join("src/transport/mod.rs")).expect("the list");
    let manifest = read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let lines: Vec<&str> = list.lines().map(str::trim).collect();
    let features: Vec<(&str, &str)> = lines
        .windows(2)
        .filter_map(|pair| Some((pair[0].strip_prefix("#[cfg(feature = \"")?.strip_suffix("\")]")?, pair[1])))
        .collect();
    let visited: Vec<&str> =
        features.iter().filter(|(_, line)| line.contains("visit::<")).map(|&(name, _)| name).collect();
    let on_demand: Vec<&str> = ON_DEMAND.iter().map(|transport| transport.name).collect();
    assert_eq!(on_demand, visited, "ON_DEMAND (left) is what visit_all has behind features (right)");
    for OnDemand { name, about } in ON_DEMAND {
        let module = name.replace('-', "_");
        assert!(
            features.contains(&(name, &format!("pub mod {module};"))),
            "{name}: its feature builds its file"
        );
        let file = root().join(format!("src/transport/{module}.rs"));
        let text = read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains(&format!("\"{about}\"")), "{name} says of itself what ON_DEMAND does: {about}");
        let features = manifest["features"].as_table().expect("features");
        assert!(features.contains_key(*name), "{name} is a feature");
        let includes = |group: &str| features[group].as_array().expect("a list").contains(&(*name).into());
        assert!(includes("peers") || includes("in-process"), "{name} is one of the peers");
    }
}

fn unsafe_stays_in_its_rooms() {
    let mut found = Findings::default();
    for file in sources(&["src", "tests", "benches"]) {
        if file.name.starts_with("src") && file.room().is_some_and(|room| UNSAFE.contains(&room.as_str())) {
            continue;
        }
        for (number, line) in file.code().filter(|(_, line)| has_word(line, "unsafe")) {
            found.add(&file, number, line.trim());
        }
    }
    found.none("`unsafe` stands in sys and ring alone");
}

fn unsafe_says_why() {
    let mut found = Findings::default();
    for file in sources(&["src"]) {
        let unsafe_lines =
            file.code().filter(|(_, line)| line.contains("unsafe {") || line.contains("unsafe impl"));
        for (number, line) in unsafe_lines {
            if !file.lines_before(number, 4).any(|line| line.contains("// SAFETY:")) {
                found.add(&file, number, line.trim());
            }
        }
    }
    found.none("every unsafe block says above it, in `// SAFETY:`, why it is sound");
}

fn orderings_name_their_partners() {
    let strong = ["Ordering::Release", "Ordering::Acquire", "Ordering::AcqRel", "Ordering::SeqCst"];
    let mut found = Findings::default();
    for file in sources(&["src"]) {
        for (number, line) in
            file.code().filter(|(_, line)| strong.iter().any(|ordering| line.contains(ordering)))
        {
            let named = file.lines_before(number, 3).any(|line| line.contains("// SYNC:"));
            if !named && !line.trim_start().starts_with("use ") {
                found.add(&file, number, line.trim());
            }
        }
    }
    found.none("every ordering stronger than Relaxed names its partner in `// SYNC:`");
}

/// A wall clock may jump at any moment. It dates runs, in one file; all that is timed is timed by the monotonic one.
fn only_one_clock_measures() {
    let walls =
        ["SystemTime", "Instant", "jiff", "gettimeofday", "CLOCK_REALTIME", "Realtime", "RealtimeCoarse"];
    let (mut found, mut readings) = (Findings::default(), 0);
    for file in sources(&["src"]) {
        for (number, line) in file.code() {
            let dates = file.name.ends_with("record/id.rs");
            if !dates && walls.iter().any(|wall| has_word(&line, wall)) {
                found.add(&file, number, line.trim());
            }
            let monotonic = line.contains("ClockId::Monotonic)");
            readings += usize::from(monotonic);
            // What a thread has used of a CPU is no time of day.
            let other = line.contains("ClockId::") && !monotonic && !line.contains("ClockId::ThreadCPUTime)");
            if other || monotonic && !file.name.ends_with("sys/clock.rs") {
                found.add(&file, number, line.trim());
            }
        }
    }
    found.none("the wall clock dates runs in record/id.rs, and sys/clock.rs reads the monotonic one");
    assert_eq!(readings, 1, "one place reads the kernel's clock");
}

fn files_are_short() {
    let mut found = Findings::default();
    for file in sources(&["src", "tests", "benches", "fuzz", "examples"]) {
        let lines = file.text.lines().count();
        if lines > LONGEST {
            found.add(&file, lines, format!("{lines} lines"));
        }
    }
    found.none("a file holds one idea, in about 300 lines");
}

fn readme_names_no_place_of_this_machine() {
    let readme = read_to_string(root().join("README.md")).expect("the README");
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let places = [Some(root().to_owned()), home, Some(std::env::temp_dir())].into_iter().flatten();
    // A home that is the root of all would be in every path.
    for place in places.filter(|place| place.components().count() > 1) {
        let place = format!("{}/", place.display());
        for (number, line) in readme.lines().enumerate() {
            assert!(!line.contains(&place), "README.md:{}: {place} in `{line}`", number + 1);
        }
    }
}

/// The first names after `crate::` in code, `crate::a::b` and `crate::{a, b::{c, d}}`, with the numbers of their lines.
fn crate_paths(code: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut add =
        |at: usize| names.extend(word(&code[at..]).map(|name| (1 + code[..at].matches('\n').count(), name)));
    for (at, found) in code.match_indices("crate::") {
        let start = at + found.len();
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let Some(group) = code[start..].strip_prefix('{') else {
            add(start);
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ if depth > 0 || character.is_whitespace() => {}
                ',' => begins = true,
                _ if begins => {
                    add(start + 1 + index);
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// The checks above see nothing if these two do not.
fn source_is_read_as_it_is_written() {
    let code = "use crate::{\n  a::{b, c}, d,\n};\nlet x = crate::e::F; mycrate::g";
    assert_eq!(crate_paths(code), [(2, "a"), (2, "d"), (4, "e")]);
    let lines = [r##"a("x // y \" z"); // b"##, r###"c(r#"d" e"#, '"', f)"###, "g(\"h", "i\");"];
    let text = lines.join("\n");
    let bare: Vec<String> = Source::from_text("src/a.rs", &text).code().map(|(_, line)| line).collect();
    assert_eq!(bare, ["a(); ", "c(, , f)", "g(", ");"]);
}

fn has_word(line: &str, wanted: &str) -> bool {
    line.split(|character| !is_word(character)).any(|word| word == wanted)
}

/// Places that break a rule.
#[derive(Default)]
struct Findings(BTreeMap<(String, usize), String>);

impl Findings {
    fn add(&mut self, file: &Source, number: usize, what: impl Display) {
        self.0.insert((file.name.clone(), number), what.to_string());
    }

    fn none(&self, rule: &str) {
        let list: Vec<String> =
            self.0.iter().map(|((file, number), what)| format!("\n  {file}:{number}: {what}")).collect();
        assert!(list.is_empty(), "{rule}:{}", list.concat());
    }
}
