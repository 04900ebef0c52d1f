//! The variables of the model: the one definition, from which the command line, suite files, records and help follow.

use super::case::{CopyWay, Model, Pin, Placement, Sandbox};
use super::error::ConfigError;
use super::size::parse_size;
use crate::codec::Codec;
use crate::electron::bridge::Isolation;
use crate::electron::model::{Broadcast, Copies, Shape, Topology};
use crate::electron::policy::Policy;
use crate::transport::{MAX_FRAME, WaitKind};
use crate::workload::{Access, Arrivals};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a variable may be set to.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number in this range.
    Count(u64, u64),
    /// A number of bytes up to this.
    Bytes(usize),
    /// What stands in words here, if it can be read.
    Form(&'static str, fn(&str) -> bool),
}

/// One variable.
#[derive(Debug)]
pub struct Variable {
    /// As users write it.
    pub name: &'static str,
    /// What it may be set to.
    pub domain: Domain,
    /// What it means, in one line.
    pub about: &'static str,
    /// Its value in a model, as users write it.
    pub get: fn(&Model) -> String,
    set: fn(&mut Model, &str),
}

/// All of them, in the order of the model's fields.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "placement",
        domain: Domain::Words(&["process", "thread"]),
        about: "where renderers run",
        get: |model| word(model.placement),
        set: |model, value| model.placement = from_word(value, Placement::Process),
    },
    Variable {
        name: "windows",
        domain: Domain::Count(1, 64),
        about: "number of renderers",
        get: |model| model.windows.to_string(),
        set: |model, value| model.windows = value.parse().unwrap_or(1),
    },
    Variable {
        name: "pin",
        domain: Domain::Words(&["cross", "same", "free"]),
        about: "CPUs of the ends: different ones, one and the same, or as the kernel likes",
        get: |model| word(model.pin),
        set: |model, value| model.pin = from_word(value, Pin::Cross),
    },
    Variable {
        name: "wait",
        domain: Domain::Words(&["block", "hybrid", "spin"]),
        about: "how an end waits; never compared across values",
        get: |model| word(model.wait),
        set: |model, value| model.wait = from_word(value, WaitKind::Block),
    },
    Variable {
        name: "payload",
        domain: Domain::Bytes(MAX_FRAME),
        about: "bytes of one message",
        get: |model| model.payload.to_string(),
        set: |model, value| model.payload = parse_size(value).unwrap_or(0),
    },
    Variable {
        name: "in_flight",
        domain: Domain::Count(1, 1024),
        about: "outstanding invokes, or the credit window of one-way messages, for each link",
        get: |model| model.in_flight.to_string(),
        set: |model, value| model.in_flight = value.parse().unwrap_or(1),
    },
    Variable {
        name: "batch",
        domain: Domain::Count(1, 1024),
        about: "one-way messages that are handed over together",
        get: |model| model.batch.to_string(),
        set: |model, value| model.batch = value.parse().unwrap_or(1),
    },
    Variable {
        name: "copy",
        domain: Domain::Words(&["auto", "memcpy", "nt"]),
        about: "how a ring moves bytes: as measured before the trial, by plain or by non-temporal stores",
        get: |model| word(model.copy),
        set: |model, value| model.copy = from_word(value, CopyWay::Auto),
    },
    Variable {
        name: "access",
        domain: Domain::Words(&["copy", "view"]),
        about: "whether a frame in memory that its sender can still change is copied out before it is looked at",
        get: |model| word(model.access),
        set: |model, value| model.access = from_word(value, Access::Copy),
    },
    Variable {
        name: "load",
        domain: Domain::Form(
            "closed, open:RATE (as in open:10k/s, open:10k/s:poisson), burst:N (2 … 10000)",
            |value| value.parse::<Arrivals>().is_ok(),
        ),
        about: "when messages begin on a link: each when the one before it is done, at fixed moments, or so many at once",
        get: |model| model.load.to_string(),
        set: |model, value| model.load = value.parse().unwrap_or_default(),
    },
    Variable {
        name: "active",
        domain: Domain::Count(0, 64),
        about: "renderers that take part, the others are idle; 0 for all",
        get: |model| model.active.to_string(),
        set: |model, value| model.active = value.parse().unwrap_or(0),
    },
    Variable {
        name: "background",
        domain: Domain::Bytes(MAX_FRAME),
        about: "bytes of the invokes with which idle renderers keep main busy meanwhile; 0 for none",
        get: |model| model.background.to_string(),
        set: |model, value| model.background = parse_size(value).unwrap_or(0),
    },
    Variable {
        name: "shape",
        domain: Domain::Words(&["bytes", "string", "record", "records", "tree"]),
        about: "what the value of a message looks like to the page",
        get: |model| word(model.shape),
        set: |model, value| model.shape = from_word(value, Shape::Bytes),
    },
    Variable {
        name: "codec",
        domain: Domain::Words(&["raw", "structured-clone", "json", "postcard", "msgpack"]),
        about: "how the value becomes bytes",
        get: |model| word(model.codec),
        set: |model, value| model.codec = from_word(value, Codec::Raw),
    },
    Variable {
        name: "isolation",
        domain: Domain::Words(&["off", "bridge", "bridge-freeze"]),
        about: "whether the page has a world of its own, into which and out of which everything is copied",
        get: |model| word(model.isolation),
        set: |model, value| model.isolation = from_word(value, Isolation::Off),
    },
    Variable {
        name: "policy",
        domain: Domain::Words(&["none", "whitelist", "sender", "validate-main", "validate-both"]),
        about: "what is checked: channels in the preload, senders in main, arguments in main, and in the preload as well",
        get: |model| word(model.policy),
        set: |model, value| model.policy = from_word(value, Policy::None),
    },
    Variable {
        name: "hops",
        domain: Domain::Words(&["0", "2", "4", "6"]),
        about: "threads and links that a round trip passes: 0 and 2 the link alone, 4 as a MessagePort, 6 as ipcRenderer.invoke",
        get: |model| model.hops.to_string(),
        set: |model, value| model.hops = value.parse().unwrap_or(0),
    },
    Variable {
        name: "copies",
        domain: Domain::Words(&["one", "three", "in-place"]),
        about: "buffers that a serialised message passes through",
        get: |model| word(model.copies),
        set: |model, value| model.copies = from_word(value, Copies::One),
    },
    Variable {
        name: "broadcast",
        domain: Domain::Words(&["per-window", "serialise-once", "one-write"]),
        about: "how a message that the model serialises reaches all windows; a bare one goes the transport's own way",
        get: |model| word(model.broadcast),
        set: |model, value| model.broadcast = from_word(value, Broadcast::PerWindow),
    },
    Variable {
        name: "topology",
        domain: Domain::Words(&["direct", "brokered", "port"]),
        about: "how renderers reach each other: by a link of their own, through main, by a port among others on such a link",
        get: |model| word(model.topology),
        set: |model, value| model.topology = from_word(value, Topology::Direct),
    },
    Variable {
        name: "main_busy",
        domain: Domain::Count(0, 90),
        about: "percent of its time that main's loop has other tasks, of half a millisecond each",
        get: |model| model.main_busy.to_string(),
        set: |model, value| model.main_busy = value.parse().unwrap_or(0),
    },
    Variable {
        name: "sandbox",
        domain: Domain::Words(&["off", "seccomp"]),
        about: "whether a renderer runs under a filter of system calls once it has connected",
        get: |model| word(model.sandbox),
        set: |model, value| model.sandbox = from_word(value, Sandbox::Off),
    },
];

impl Variable {
    /// The variable of this name.
    ///
    /// # Errors
    /// Names the nearest one if there is none.
    pub fn named(name: &str) -> Result<&'static Variable, ConfigError> {
        let found = VARIABLES.iter().find(|variable| variable.name == name);
        found.ok_or_else(|| ConfigError::unknown("variable", name, VARIABLES.iter().map(|v| v.name)))
    }

    /// Checks a value as users write it.
    ///
    /// # Errors
    /// Says what may stand there, and the nearest word.
    pub fn check(&self, value: &str) -> Result<(), ConfigError> {
        let wrong = |allowed: String| ConfigError::new(format!("{}={value}: {allowed}", self.name));
        match self.domain {
            Domain::Words(words) if words.contains(&value) => Ok(()),
            Domain::Words(words) => {
                Err(ConfigError::unknown(&format!("value of {}", self.name), value, words.iter().copied()))
            }
            Domain::Count(low, high) => match value.parse::<u64>() {
                Ok(count) if (low..=high).contains(&count) => Ok(()),
                _ => Err(wrong(format!("a whole number from {low} to {high}"))),
            },
            Domain::Bytes(most) => match parse_size(value) {
                Ok(size) if size <= most => Ok(()),
                Ok(_) => Err(wrong(format!("at most {}", super::human_size(most)))),
                Err(error) => Err(wrong(error)),
            },
            Domain::Form(_, reads) if reads(value) => Ok(()),
            Domain::Form(forms, _) => Err(wrong(forms.to_owned())),
        }
    }

    /// Sets a value that [`check`](Self::check) has passed.
    pub(super) fn set(&self, model: &mut Model, value: &str) {
        (self.set)(model, value);
    }

    /// The values in words, the default first.
    pub fn values(&self) -> String {
        match self.domain {
            Domain::Words(words) => words.join(", "),
            Domain::Count(low, high) => format!("{low} … {high}"),
            Domain::Bytes(most) => format!("0 … {}", super::human_size(most)),
            Domain::Form(forms, _) => forms.to_owned(),
        }
    }
}

/// The word that a value is written as.
pub fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("the values of word variables serialise as words: {other:?}"),
    }
}

/// The inverse of [`word`], for words that have been checked.
fn from_word<T: DeserializeOwned>(word: &str, default: T) -> T {
    serde_json::from_value(Value::String(word.to_owned())).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_model_and_the_first_word_is_the_default() {
        let model = serde_json::to_value(Model::default()).unwrap();
        let mut fields: Vec<&String> = model.as_object().unwrap().keys().collect();
        let mut names: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
        fields.sort();
        names.sort_unstable();
        assert_eq!(fields, names);
        for variable in VARIABLES {
            if let Domain::Words(words) = variable.domain {
                assert_eq!((variable.get)(&Model::default()), words[0], "{}", variable.name);
                for word in words {
                    let mut model = Model::default();
                    variable.check(word).unwrap();
                    variable.set(&mut model, word);
                    assert_eq!((variable.get)(&model), *word);
                }
            }
        }
    }

    #[test]
    fn bad_values_are_refused_with_what_is_allowed() {
        let error = |name: &str, value| Variable::named(name).unwrap().check(value).unwrap_err().to_string();
        assert!(error("windows", "0").contains("from 1 to 64"));
        assert!(error("windows", "many").contains("from 1 to 64"));
        assert!(error("payload", "65MiB").contains("at most 64MiB"));
        assert!(error("wait", "blok").contains("did you mean block?"));
        assert!(Variable::named("windws").unwrap_err().to_string().contains("did you mean windows?"));
    }
}
