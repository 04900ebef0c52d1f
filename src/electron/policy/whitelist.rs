//! The channels that a preload passes.

use super::Verb;

/// Names of channels, each of them exact: no prefix, no pattern.
#[derive(Clone, Debug, Default)]
pub struct Channels(Box<[Box<str>]>);

impl Channels {
    /// These.
    pub fn new<C: Into<Box<str>>>(names: impl IntoIterator<Item = C>) -> Channels {
        let mut names: Vec<Box<str>> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        Channels(names.into())
    }

    /// Is it one of them?
    #[inline]
    pub fn allow(&self, channel: &str) -> bool {
        self.0.binary_search_by(|name| (**name).cmp(channel)).is_ok()
    }
}

/// The channels of each verb. One that may be invoked may not be sent to, unless it is said twice.
#[derive(Clone, Debug, Default)]
pub struct Whitelist {
    /// To main, one way.
    pub send: Channels,
    /// To main, for an answer.
    pub invoke: Channels,
    /// From main.
    pub receive: Channels,
}

impl Whitelist {
    /// Those of a verb.
    #[inline]
    pub fn of(&self, verb: Verb) -> &Channels {
        match verb {
            Verb::Send => &self.send,
            Verb::Invoke => &self.invoke,
            Verb::Receive => &self.receive,
        }
    }
}
