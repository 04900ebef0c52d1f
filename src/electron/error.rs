//! What goes wrong, in Electron's words.
//!
//! Some of those cannot be said here, since the types let nobody make the mistake: a missing or ill-typed channel, frame or argument
//! (`Missing required channel argument`, `Insufficient number of arguments`, `Error processing argument at index 0` and the like),
//! a list of ports that is none (`Invalid value for transfer`), a session that does not exist.

use crate::codec::{Error as CodecError, Value};
use crate::transport::Error as LinkError;

/// What a call of the API says. `Display` is the message, word for word; [`Error::class`] is the class that JavaScript shows before
/// it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A function or a symbol. Electron has one text for all of them, whatever its notes on breaking changes show.
    #[error("An object could not be cloned.")]
    NotCloneable,
    /// The page has gone on to another, or its window is closed, while somebody kept its `ipcRenderer`. The same is said to who uses one
    /// on another thread: `ipcRenderer` needs a frame.
    #[error("IPC method called after context was released")]
    ContextReleased,
    /// What came back of an `invoke` that failed.
    #[error("Error invoking remote method '{channel}': {text}")]
    Remote {
        /// The channel.
        channel: String,
        /// What was thrown, as text.
        text: String,
    },
    /// A second handler for a channel.
    #[error("Attempted to register a second handler for '{0}'")]
    SecondHandler(String),
    /// `event.reply` where there is none: on what came by `invoke` or `postMessage`.
    #[error("event.reply is not a function")]
    NoReply,
    /// A window that has been destroyed.
    #[error("Object has been destroyed")]
    Destroyed,
    /// A frame that is gone.
    #[error("Render frame was disposed before WebFrameMain could be accessed")]
    FrameDisposed,
    /// A port among those to be transferred has been transferred already or is closed.
    #[error("Port at index {0} is already neutered.")]
    PortNeutered(usize),
    /// A port is twice among those to be transferred.
    #[error("Port at index {0} is a duplicate.")]
    PortDuplicate(usize),
    /// A port cannot be sent through itself.
    #[error("Port at index {0} contains the source port.")]
    PortSource(usize),
    /// The message is longer than a frame of the transport. Electron's limit is near 2 GiB; ours is an option of the app.
    #[error("{0}")]
    TooLong(String),
    /// The codec refused for another reason than [`Error::NotCloneable`].
    #[error("{0}")]
    Codec(CodecError),
    /// The other end is gone.
    #[error("the other end is gone")]
    Gone,
    /// What only a start can meet: an unknown transport or script, a transport that loses frames, a refusal of the system.
    #[error("{0}")]
    Start(String),
}

impl Error {
    /// The class in JavaScript.
    pub fn class(&self) -> &'static str {
        match self {
            Error::Destroyed | Error::NoReply => "TypeError",
            _ => "Error",
        }
    }

    pub(super) fn start(error: impl std::fmt::Display) -> Error {
        Error::Start(error.to_string())
    }
}

impl From<CodecError> for Error {
    fn from(error: CodecError) -> Error {
        match error {
            CodecError::NotCloneable => Error::NotCloneable,
            other => Error::Codec(other),
        }
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Error {
        match error {
            LinkError::TooLarge { .. } => Error::TooLong(error.to_string()),
            _ => Error::Gone,
        }
    }
}

impl From<Error> for Value {
    /// The Error that JavaScript would catch.
    fn from(error: Error) -> Value {
        Value::error(error.class(), &error.to_string())
    }
}
