//! What is checked of a message, where, and by whom.
//!
//! The preload's checks are a convenience: they answer early, and spare the wire what would be refused. Main's are the boundary,
//! since whoever has taken over a renderer writes its frames without a preload. So main looks at who sends before it looks
//! at what is sent; and who sends is known from the link that a frame came by, never from anything in it.

mod origin;
mod whitelist;

pub use origin::{BadOrigin, Origin, Origins};
pub use whitelist::{Channels, Whitelist};

use super::schema::{Arguments, Schemas, Violation};
use crate::codec::Value;
use serde::{Deserialize, Serialize};

/// How much is checked. Each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing.
    #[default]
    None,
    /// The preload passes the channels it knows.
    Whitelist,
    /// Main hears the origins it knows.
    Sender,
    /// Main validates arguments.
    ValidateMain,
    /// The preload validates them too.
    ValidateBoth,
}

/// What a page does with a channel. Each has channels of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// One way, to main.
    Send,
    /// To main, for an answer.
    Invoke,
    /// From main.
    Receive,
}

impl Verb {
    /// As errors call it.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Send => "send",
            Verb::Invoke => "invoke",
            Verb::Receive => "receive",
        }
    }
}

/// Who sends, as main knows it from the link a frame came by. It is made by whoever owns the link, from nothing that came
/// over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The window's number.
    pub window: u32,
    /// Is it the window's own frame, and no frame within it?
    pub main_frame: bool,
    /// The URL that the frame shows.
    pub url: &'a str,
}

/// Why a message is refused. The text goes to the page: it names a channel or an argument, no value, no place in the program.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The preload does not know the channel.
    #[error("Channel '{channel}' is not allowed for {}", verb.name())]
    Channel {
        /// What was to be done with it.
        verb: Verb,
        /// Its name.
        channel: Box<str>,
    },
    /// Main does not know the sender's origin, or it is a frame within a window.
    #[error("Sender is not allowed to use channel '{0}'")]
    Sender(Box<str>),
    /// Nobody has said what the channel's arguments are.
    #[error("Channel '{0}' has no schema")]
    NoSchema(Box<str>),
    /// The arguments are not as they must be.
    #[error("Invalid arguments for channel '{channel}': {violation}")]
    Arguments {
        /// Its name.
        channel: Box<str>,
        /// What is wrong.
        violation: Violation,
    },
}

impl From<Refusal> for Value {
    /// What JavaScript would see thrown.
    fn from(refusal: Refusal) -> Value {
        let name = if matches!(refusal, Refusal::Arguments { .. }) { "TypeError" } else { "Error" };
        Value::error(name, &refusal.to_string())
    }
}

/// What the checks know: the same for both ends of an app.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The preload's channels.
    pub whitelist: Whitelist,
    /// Whom main hears.
    pub origins: Origins,
    /// What arguments are.
    pub schemas: Schemas,
}

/// Rules with the policy that says which of them count.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    policy: Policy,
    rules: Rules,
}

impl Checks {
    /// The checks of a policy.
    pub fn new(policy: Policy, rules: Rules) -> Checks {
        Checks { policy, rules }
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The preload's look at a channel.
    ///
    /// # Errors
    /// [`Refusal::Channel`].
    #[inline]
    pub fn channel(&self, verb: Verb, channel: &str) -> Result<(), Refusal> {
        if self.policy < Policy::Whitelist || self.rules.whitelist.of(verb).allow(channel) {
            Ok(())
        } else {
            Err(Refusal::Channel { verb, channel: channel.into() })
        }
    }

    /// The preload's look at a message that the page sends.
    ///
    /// # Errors
    /// [`Refusal::Channel`]; if both ends validate, [`Refusal::NoSchema`] and [`Refusal::Arguments`].
    #[inline]
    pub fn in_preload(&self, verb: Verb, channel: &str, arguments: &[Value]) -> Result<(), Refusal> {
        self.channel(verb, channel)?;
        if self.policy < Policy::ValidateBoth {
            return Ok(());
        }
        let schema = self.rules.schemas.get(channel).ok_or_else(|| Refusal::NoSchema(channel.into()))?;
        schema.check(arguments).map_err(|violation| Refusal::arguments(channel, violation))
    }

    /// Main's look at a message that has come: before anything else is done with it.
    ///
    /// # Errors
    /// [`Refusal::Sender`], [`Refusal::NoSchema`], [`Refusal::Arguments`].
    #[inline]
    pub fn in_main<'a>(
        &self,
        sender: &Sender<'_>,
        channel: &str,
        arguments: impl Into<Arguments<'a>>,
    ) -> Result<(), Refusal> {
        if self.policy < Policy::Sender {
            return Ok(());
        }
        if !self.rules.origins.admit(sender) {
            return Err(Refusal::Sender(channel.into()));
        }
        if self.policy < Policy::ValidateMain {
            return Ok(());
        }
        let schema = self.rules.schemas.get(channel).ok_or_else(|| Refusal::NoSchema(channel.into()))?;
        schema.check(arguments).map_err(|violation| Refusal::arguments(channel, violation))
    }
}

impl Refusal {
    #[cold]
    fn arguments(channel: &str, violation: Violation) -> Refusal {
        Refusal::Arguments { channel: channel.into(), violation }
    }
}

#[cfg(test)]
mod tests;
