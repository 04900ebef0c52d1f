//! `codec decode` and `codec encode`: bytes to JSON and back, files and standard input.

use crate::support::program::Place;
use crate::test;
use ipcmark::codec::{tagged, v8};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("cli::codec decodes and encodes a vector, by file and by standard input", there_and_back),
        test("cli::codec decodes every vector, and refuses those that V8 refuses", every_vector),
        test("cli::codec says what is wrong with bytes and with JSON", refused),
    ]
}

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v8").join(name)
}

fn there_and_back() {
    let place = Place::new();
    for name in
        ["combo-everything.bin", "combo-everything.native.bin", "string-lone-high.bin", "old-version-13.bin"]
    {
        let file = vector(name);
        let path = file.to_str().expect("a path in UTF-8");
        let json = place.output(&["codec", "decode", path]);
        assert_eq!(json.lines().count(), 1, "{name}");
        let mut from_stdin = place.command(&["codec", "decode", "-"]);
        let output = from_stdin.stdin(File::open(&file).expect("the vector")).output().expect("the program");
        assert_eq!(String::from_utf8_lossy(&output.stdout), json, "{name}");
        place.write("value.json", &json);
        let output = place.command(&["codec", "encode", "value.json"]).output().expect("the program");
        let mut expected = fs::read(&file).expect("the vector");
        expected[1] = 15; // what is written
        assert_eq!((output.status.code(), output.stdout), (Some(0), expected), "{name}");
    }
    // A vector's own JSON has the value in a field.
    let json = vector("object-int-keys.json");
    let output =
        place.command(&["codec", "encode", json.to_str().expect("a path")]).output().expect("the program");
    assert_eq!(output.stdout, fs::read(vector("object-int-keys.bin")).expect("the vector"));
    let document: Value =
        serde_json::from_str(&place.output(&["list", "codecs", "--format", "json"])).expect("JSON");
    assert_eq!(document["codecs"][1]["name"], "structured-clone");
}

/// What the vectors' own JSON says is held against the library's reader, in its tests; this is that the command is that reader.
fn every_vector() {
    let place = Place::new();
    let files = fs::read_dir(vector("")).expect("the vectors").flatten().map(|entry| entry.path());
    let mut seen = [0, 0];
    for file in files.filter(|path| path.extension().is_some_and(|kind| kind == "bin")) {
        let bytes = fs::read(&file).expect("a vector");
        let ended = place.run(&["codec", "decode", file.to_str().expect("a path in UTF-8")]);
        let expected = v8::decode(&bytes).ok().map(|message| {
            let json = tagged::to_json(&message.value, message.views.unwrap_or_default());
            format!("{}\n", json.expect("JSON"))
        });
        assert_eq!(ended.code, Some(if expected.is_some() { 0 } else { 2 }), "{}", file.display());
        seen[usize::from(expected.is_none())] += 1;
        assert_eq!(ended.stdout, expected.unwrap_or_default(), "{}", file.display());
    }
    assert_eq!(seen, [75, 7]);
}

fn refused() {
    let place = Place::new();
    place.write("bytes", [0xFF, 15, b'o', b'Q']);
    place.write("json", r#"{"t":"nothing"}"#);
    for (args, why) in [
        (
            ["codec", "decode", "bytes"],
            "bytes: no string or number where a property's name must be, at byte 3",
        ),
        (["codec", "encode", "json"], "json: `nothing` is no kind of value"),
        (["codec", "encode", "bytes"], "bytes: invalid utf-8"),
        (["codec", "decode", "nowhere"], "nowhere: No such file"),
    ] {
        let ended = place.run(&args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.stderr.contains(why), "{args:?}: {}", ended.stderr);
    }
}
