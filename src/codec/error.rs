//! Why a value has no bytes, or bytes are no value.

/// What a codec says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A function or a symbol, in Electron's words.
    #[error("An object could not be cloned.")]
    NotCloneable,
    /// Bytes that no writer of the format makes.
    #[error("{what}, at byte {offset}")]
    Malformed {
        /// Where the part begins that is wrong.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Objects in objects in objects.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// How deep they may be.
        limit: usize,
    },
    /// A value that the codec has no form for.
    #[error("{codec} has no form for {what}")]
    Unsupported {
        /// The codec's name.
        codec: &'static str,
        /// What it cannot say.
        what: &'static str,
    },
    /// What serde says, of a type or of bytes.
    #[error("{0}")]
    Serde(String),
}

impl serde::ser::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Error {
        Error::Serde(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Error {
        Error::Serde(message.to_string())
    }
}

/// Levels of objects that are followed where a codec, or a type, needs recursion: what serde_json takes.
pub(in crate::codec) const SERDE_DEPTH: usize = 128;
