//! What a program may have been built without.

/// A transport that is built in only on demand, by the feature of its name.
#[derive(Clone, Copy, Debug)]
pub struct OnDemand {
    /// What users call it, and the feature.
    pub name: &'static str,
    /// [`Caps::about`](super::Caps::about), known without it.
    pub about: &'static str,
}

/// Every transport that is built in on demand, in the order of [`visit_all`](super::visit_all). A program cannot list what it was built
/// without, so these names stand here; `tests/it/tidy.rs` holds them against the list, the files and the manifest.
pub const ON_DEMAND: &[OnDemand] = &[
    OnDemand {
        name: "zeromq",
        about: "libzmq over ipc://, DEALER to ROUTER, on credit; its threads do the input and output",
    },
    OnDemand {
        name: "rtrb",
        about: "rtrb rings between threads, which spin; short frames in its slots, long ones as buffers that return",
    },
    OnDemand { name: "flume", about: "bounded flume channels between threads; a frame is a Vec that moves" },
    OnDemand {
        name: "tokio",
        about: "bounded tokio mpsc channels between threads, without a runtime; a frame is a Vec that moves",
    },
    OnDemand { name: "kanal", about: "bounded kanal channels between threads; a frame is a Vec that moves" },
    OnDemand {
        name: "crossfire",
        about: "bounded crossfire channels between threads; a frame is a Vec that moves",
    },
    OnDemand {
        name: "iceoryx2",
        about: "iceoryx2 publish-subscribe: samples lent in shared memory, its event service to sleep",
    },
];
