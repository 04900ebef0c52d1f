//! A node of the crate, and the services that it opens.

use super::Shape;
use crate::sys::leftovers::{SHM_DIR, remove_family};
use crate::transport::{Error, Peer, Result};
use ::iceoryx2::node::Node;
use ::iceoryx2::prelude::{
    Config, FileName, LogLevel, NodeBuilder, Path, SemanticString, SignalHandlingMode,
    ipc_threadsafe::Service, set_log_level,
};
use ::iceoryx2::service::port_factory::event::PortFactory as Events;
use ::iceoryx2::service::port_factory::publish_subscribe::PortFactory as Frames;
use std::fmt::Display;
use std::io;

/// Names the crate's errors, which are of many types.
pub(super) fn failed<E: Display>(doing: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Os { doing, source: io::Error::other(error.to_string()) }
}

/// A node whose files bear the hub's name. The last one to go takes what the crate keeps for the next.
#[derive(Debug)]
pub(super) struct Site {
    /// `None` only while it is dropped.
    node: Option<Node<Service>>,
    hub: Shape,
    config: Config,
}

/// The end of the name of the directory that has an entry for each node.
const NODES: &str = ".nodes";

impl Site {
    pub(super) fn new(hub: &Shape) -> Result<Site> {
        let config = config(&hub.name)?;
        // What the crate would say on the terminal, it answers as well.
        set_log_level(LogLevel::Fatal);
        let node = NodeBuilder::new().config(&config).signal_handling_mode(SignalHandlingMode::Disabled);
        let node = node.create().map_err(failed("creating an iceoryx2 node"))?;
        Ok(Site { node: Some(node), hub: hub.clone(), config })
    }

    fn node(&self) -> Result<&Node<Service>> {
        self.node.as_ref().ok_or(Error::Corrupt("a node that is gone"))
    }

    /// The frames of one direction of a link.
    pub(super) fn frames(&self, way: &str, peer: Peer) -> Result<Frames<Service, [u8], ()>> {
        let name = format!("{way}/{peer}");
        let name = name.as_str().try_into().map_err(failed("naming an iceoryx2 service"))?;
        let service = self.node()?.service_builder(&name).publish_subscribe::<[u8]>();
        // About 4 MiB, as many frames as a ring of that size would hold.
        let slots = ((4 << 20) / self.hub.max_frame.max(64)).clamp(2, 1024);
        let service = service.enable_safe_overflow(false).history_size(0).subscriber_max_buffer_size(slots);
        let service = service.subscriber_max_borrowed_samples(1).max_publishers(1).max_subscribers(1);
        service.max_nodes(2).open_or_create().map_err(failed("opening an iceoryx2 service"))
    }

    /// The bell of a renderer, or main's.
    pub(super) fn bell(&self, whose: Option<Peer>) -> Result<Events<Service>> {
        let name = whose.map_or("main".to_owned(), |peer| format!("renderer/{peer}"));
        let name = name.as_str().try_into().map_err(failed("naming an iceoryx2 service"))?;
        let service = self.node()?.service_builder(&name).event().max_listeners(1);
        // Whoever sends to it, and its owner's own, of whoever watches the peers.
        let service = service.max_notifiers(self.hub.windows + 1).max_nodes(self.hub.windows + 1);
        service.open_or_create().map_err(failed("opening an iceoryx2 event service"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.node = None;
        Node::<Service>::try_cleanup_dead_nodes(&self.config);
        let directory = format!("{SHM_DIR}/{}{NODES}", self.hub.name);
        // Other nodes are there still unless it is empty.
        if std::fs::remove_dir(directory).is_ok() {
            remove_family(&self.hub.name);
        }
    }
}

fn config(name: &str) -> Result<Config> {
    fn text<T: SemanticString<N>, const N: usize>(text: &str) -> Result<T> {
        T::new(text.as_bytes()).map_err(|_| Error::Corrupt("a hub's name"))
    }
    let mut config = Config::default();
    let global = &mut config.global;
    global.prefix = text::<FileName, _>(&format!("{name}."))?;
    global.set_root_path(&text::<Path, _>(SHM_DIR)?);
    global.node.directory = text(&format!("{name}{NODES}"))?;
    global.service.directory = text(&format!("{name}.services"))?;
    // Looking for the dead belongs to the end of a site, not to its opening.
    global.node.cleanup_dead_nodes_on_creation = false;
    global.node.cleanup_dead_nodes_on_destruction = false;
    global.service.cleanup_dead_nodes_on_open = false;
    Ok(config)
}
