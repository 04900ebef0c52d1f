//! What a message goes through between the page that makes it and the handler that hears it, besides its transport.
//!
//! ```text
//! page      payload → value (shape) → copied between worlds (isolation) → allowed, valid (policy)
//! renderer  → bytes (codec) → buffers (copies) → threads (hops) → the transport
//! main      the transport → threads (hops) → buffers (copies) → value (codec) → sender, valid (policy) → handler by its channel
//! ```
//!
//! A reply, and a message that main begins, goes the same way back. With every part at its default nothing of this is there: the
//! workload's loop has the transport's own ends. Otherwise its ends are [`renderer::ModelTx`] and the like, which are ends of a
//! transport themselves, so that the same loops run, and every byte is checked, whatever lies between.

mod checked;
mod dispatch;
pub mod endpoint;
mod frame;
pub mod hops;
pub mod main_end;
mod settings;
mod shape;
pub mod tasks;

pub mod renderer;

pub use settings::{Broadcast, Copies, Settings, Shape, Topology};
