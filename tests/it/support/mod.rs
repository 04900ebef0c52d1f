//! What the modules that look at other processes share.

pub(crate) mod processes;
pub(crate) mod program;
