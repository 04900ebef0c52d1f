//! The page's side of the bridge and the checks of both ends, for the app that the workloads are: one channel that is timed
//! among others that are not, and messages of one shape.

use super::{Settings, Shape};
use crate::codec::{Codec, Value};
use crate::electron::bridge::{Crossing, Isolation, World};
use crate::electron::policy::{Channels, Checks, Origins, Rules, Sender, Verb, Whitelist};
use crate::electron::schema::{BadRule, Limits, Rule, Schema, Schemas};
use crate::transport::{Error, MAX_FRAME, Peer, Result};

/// The channel of everything that is timed.
pub(super) const CHANNEL: &str = "notes:save";
/// Channels of an app of middling size.
const CHANNELS: usize = 50;
/// What the app's windows show.
const URL: &str = "app://notes/index.html";

/// The names of all channels.
pub(super) fn channels() -> impl Iterator<Item = Box<str>> {
    let others = (1..CHANNELS).map(|number| format!("notes:other-{number}").into());
    std::iter::once(CHANNEL.into()).chain(others)
}

/// What messages of a shape must be.
fn schema(shape: Shape) -> std::result::Result<Schema, BadRule> {
    let text = || Rule::text(0, MAX_FRAME);
    let rule = match shape {
        Shape::Bytes => Rule::bytes(0, MAX_FRAME),
        Shape::String => text(),
        Shape::Record => Rule::object([
            ("id", Rule::integer(0, i64::from(i32::MAX))),
            ("kind", Rule::choice(["note", "folder"])),
            ("done", Rule::boolean()),
            ("score", Rule::number(0.0, 1.0)),
            ("text", text()),
        ]),
        Shape::Records => {
            let record = [("i", Rule::integer(0, i64::from(i32::MAX))), ("text", text())];
            Rule::list(Rule::object(record), 0, MAX_FRAME)
        }
        Shape::Tree => Rule::data(),
    };
    Schema::with_limits([rule], Limits { values: MAX_FRAME, length: MAX_FRAME, ..Limits::default() })
}

fn checks(settings: &Settings) -> Checks {
    let known = || Channels::new(channels());
    let schema =
        schema(settings.shape).map(|schema| Schemas::new(channels().map(|name| (name, schema.clone()))));
    Checks::new(
        settings.policy,
        Rules {
            whitelist: Whitelist { send: known(), invoke: known(), receive: known() },
            // Ours are well formed; were they not, every message would be refused, and the trial fail.
            origins: Origins::new([URL]).unwrap_or_default().in_main_frames(),
            schemas: schema.unwrap_or_default(),
        },
    )
}

/// A page and its preload.
pub(super) struct Page {
    isolation: Isolation,
    to_preload: Crossing,
    checks: Checks,
}

impl Page {
    pub(super) fn new(settings: &Settings) -> Page {
        let to_preload = Crossing::new(World::fresh(), World::fresh());
        Page { isolation: settings.isolation, to_preload, checks: checks(settings) }
    }

    /// What the preload gets of what the page says, once it has been looked at.
    pub(super) fn say(&self, verb: Verb, value: Value) -> Result<Value> {
        let value = self.isolation.pass(self.to_preload, value).map_err(|_| Error::Corrupt("a bridge"))?;
        let checked = self.checks.in_preload(verb, CHANNEL, std::slice::from_ref(&value));
        checked.map(|()| value).map_err(|_| Error::Corrupt("refused by the preload"))
    }

    /// What the page gets of what the preload heard; `channel` is that of a message which is no reply.
    pub(super) fn hear(&self, channel: Option<&str>, value: Value) -> Result<Value> {
        if let Some(channel) = channel {
            let known = self.checks.channel(Verb::Receive, channel);
            known.map_err(|_| Error::Corrupt("a channel that the preload does not know"))?;
        }
        self.isolation.pass(self.to_preload.back(), value).map_err(|_| Error::Corrupt("a bridge"))
    }
}

/// What main looks at before it calls a handler.
pub(super) struct Guard {
    checks: Checks,
    /// Whether what comes is the one argument itself, without an array around it.
    raw: bool,
}

impl Guard {
    pub(super) fn new(settings: &Settings) -> Guard {
        Guard { checks: checks(settings), raw: settings.codec == Codec::Raw }
    }

    pub(super) fn admit(&self, peer: Peer, channel: &str, heard: &Value) -> Result<()> {
        let sender = Sender { window: peer as u32, main_frame: true, url: URL };
        let outcome = match self.raw {
            true => self.checks.in_main(&sender, channel, std::slice::from_ref(heard)),
            false => self.checks.in_main(&sender, channel, heard.root()),
        };
        outcome.map_err(|_| Error::Corrupt("refused by main"))
    }
}
