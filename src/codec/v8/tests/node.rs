//! Against V8 itself, where Node is installed: it reads what we write, and we write what it writes.

use super::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// Reads hexadecimal messages, one a line; reads each by V8 and writes what it wrote again, or why it did not read it.
const ECHO: &str = "
const v8 = require('v8');
const lines = require('fs').readFileSync(0, 'latin1').split('\\n').filter(Boolean);
for (const line of lines) {
  try {
    const reader = new v8.Deserializer(Buffer.from(line, 'hex'));
    reader.readHeader();
    const value = reader.readValue();
    const writer = new v8.Serializer();
    writer.writeHeader();
    writer.writeValue(value);
    console.log(writer.releaseBuffer().toString('hex'));
  } catch (error) {
    console.log('refused');
  }
}";

/// What V8 makes of messages; nothing where there is no Node.
#[expect(
    clippy::disallowed_methods,
    reason = "another program is what these tests ask, and no child of a trial"
)]
fn through_node(messages: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
    let mut command = Command::new("node");
    let child = command.args(["-e", ECHO]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        let _ = writeln!(std::io::stderr(), "skipped: no `node` on the PATH to compare with");
        return None;
    };
    let lines: String = messages.iter().map(|message| hex(message) + "\n").collect();
    let mut input = child.stdin.take().expect("an input");
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("an output");
    writing.join().expect("a thread").expect("all was read");
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<_> = text.lines().map(unhex).collect();
    assert_eq!(answers.len(), messages.len(), "an answer each");
    Some(answers)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().as_chunks::<2>().0.iter();
    (text != "refused").then(|| {
        pairs
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("digits"))
            .collect()
    })
}

#[test]
fn v8_reads_what_we_write_and_writes_the_same() {
    let mut graph = Graph::new();
    let object = graph.object();
    let name = graph.utf16(&[0xDC00, 0x61]);
    let (buffer, resizable) = (graph.buffer(vec![1; 16], None), graph.buffer(vec![2; 16], Some(64)));
    graph.set_named(object, name, buffer);
    graph.set(object, "4294967294", resizable);
    graph.set(object, "2147483648", object);
    let date = graph.date(-1.5e12);
    graph.set(object, "date", date);
    for (at, kind) in ViewKind::ALL.into_iter().enumerate() {
        let fixed = graph.view(kind, buffer, 8, Some(8)).expect("a view");
        let tracking = graph.view(kind, resizable, 8, None).expect("a view");
        let within = graph.view(kind, resizable, 0, Some(8)).expect("a view");
        graph.set(object, &format!("f{at}"), fixed);
        graph.set(object, &format!("t{at}"), tracking);
        graph.set(object, &format!("w{at}"), within);
    }
    let (map, set) = (graph.map(), graph.set_of());
    for number in [0.5, -0.0, f64::NAN, 1e300, -2147483648.0, 2147483648.0, 1073741824.0] {
        let number = graph.value(number);
        graph.push(set, number);
        graph.entry(map, number, set);
        let boxed = graph.boxed(number);
        graph.entry(map, boxed, boxed);
    }
    graph.set(object, "map", map);
    for (at, name) in
        ["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError", "Error"]
            .into_iter()
            .enumerate()
    {
        let cause = (at % 2 == 0).then_some(map);
        let error = graph.error(name, Some("é☃"), Some("at x"), cause);
        graph.set(object, name, error);
    }
    for flags in ["", "dgimsuy", "v"] {
        let regexp = graph.regexp("a|é", flags).expect("flags");
        graph.set(object, &format!("regexp {flags}"), regexp);
    }
    for text in ["0", "-1", "18446744073709551616", "-123456789012345678901234567890"] {
        let bigint: crate::codec::BigInt = text.parse().expect("a BigInt");
        let bigint = graph.value(bigint);
        graph.set(object, text, bigint);
        let boxed = graph.boxed(bigint);
        graph.set(object, &format!("boxed {text}"), boxed);
    }
    for text in ["", "ascii", "Straße", "日本", "😀"] {
        let string = graph.value(text);
        graph.set(object, &format!("string {text}"), string);
    }
    let message = bytes(&graph.finish(object), Views::Native);
    let Some(answers) = through_node(std::slice::from_ref(&message)) else { return };
    let answer = answers[0].as_deref().expect("V8 reads it");
    let differ = message.iter().zip(answer).position(|(ours, theirs)| ours != theirs);
    let from = differ.unwrap_or(message.len().min(answer.len()));
    assert_eq!(hex(&answer[from..]), hex(&message[from..]), "from byte {from} on: V8 (left), we (right)");
}

/// Whatever is changed in a vector, V8 and we agree on whether it is a message, and on what it says.
#[test]
fn v8_refuses_and_accepts_the_same_changed_messages() {
    let mut random = fastrand::Rng::with_seed(15);
    let mut messages = Vec::new();
    for (name, _, vector) in all_vectors() {
        let native = std::fs::read(vectors().join(format!("{name}.native.bin")));
        let vector = native.unwrap_or(vector);
        assert!(
            decode(&vector).map_or(true, |message| message.views != Some(Views::Node)),
            "V8 alone does not read {name}"
        );
        for _ in 0..if vector.len() < 300 { 40 } else { 5 } {
            let mut bytes = vector.clone();
            if bytes.len() > 2 {
                let at = random.usize(2..bytes.len());
                match random.u8(0..3) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes[at] ^= 1 << random.u8(0..8),
                    _ => bytes.truncate(at),
                }
            }
            if bytes.contains(&tag::HOST) {
                continue; // Node's own, which V8 alone does not read
            }
            messages.push(bytes);
        }
    }
    let Some(answers) = through_node(&messages) else { return };
    let (mut agreed, mut differ) = (0, Vec::new());
    for (message, answer) in messages.iter().zip(&answers) {
        let ours = decode(message).map(|message| message.value);
        let escaped = |value: &Value| {
            value.root().as_regexp().is_some_and(|(source, _)| source.to_string().contains('/'))
        };
        if ours.as_ref().is_ok_and(escaped) {
            continue; // V8 puts a backslash before a slash
        }
        let same = match (&ours, answer) {
            (Err(_), None) => true,
            // Not by the bytes: how V8 writes a number or an array depends on what else it has seen of its kind.
            (Ok(value), Some(theirs)) => &decode(theirs).expect("V8's own").value == value,
            _ => false,
        };
        if same {
            agreed += 1;
        } else {
            differ.push(format!("{}: {:?}\n V8 {:?}", hex(message), ours, answer.as_deref().map(hex)));
        }
    }
    assert!(differ.is_empty(), "{agreed} agree; these do not:\n{:.20000}", differ.join("\n"));
}
