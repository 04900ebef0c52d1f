//! Against the crate `v8_valueserializer`, which others wrote after the same source.

use super::*;
use v8_valueserializer::{ValueDeserializer, ValueSerializer};

#[test]
fn another_reader_and_writer_agrees_on_the_vectors() {
    let (mut agreed, mut unread) = (0, Vec::new());
    for (name, json, vector) in all_vectors() {
        let native = std::fs::read(vectors().join(format!("{name}.native.bin"))).unwrap_or(vector);
        if json["accepts"] == false {
            continue;
        }
        let message = decode(&native).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = bytes(&message.value, Views::Native);
        let Ok((value, heap)) = ValueDeserializer::default().read(&ours) else {
            unread.push(name);
            continue;
        };
        let theirs = ValueSerializer::default()
            .finish(&heap, &value)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        // By what is read from it: they write numbers in arrays of doubles as integers where they can.
        assert_eq!(decode(&theirs).expect("their bytes").value, message.value, "{name}");
        agreed += 1;
    }
    assert!(agreed > 60 && unread.is_empty(), "{agreed} agree, unread: {unread:?}");
}
