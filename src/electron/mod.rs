//! The layers that an app built like Electron has around its messages: worlds kept apart, a preload, checks.

pub mod bridge;
pub mod policy;
pub mod preload;
pub mod schema;
