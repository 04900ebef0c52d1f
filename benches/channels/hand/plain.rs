//! The crates' channels.

use super::Plain;

impl Plain for ipcmark::transport::std_mpsc::StdMpsc {
    type Tx = std::sync::mpsc::SyncSender<Vec<u8>>;
    type Rx = std::sync::mpsc::Receiver<Vec<u8>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        std::sync::mpsc::sync_channel(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.recv().expect("a sender")
    }
}

impl Plain for ipcmark::transport::crossbeam::Crossbeam {
    type Tx = crossbeam_channel::Sender<Vec<u8>>;
    type Rx = crossbeam_channel::Receiver<Vec<u8>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        crossbeam_channel::bounded(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.recv().expect("a sender")
    }
}

#[cfg(feature = "flume")]
impl Plain for ipcmark::transport::flume::Flume {
    type Tx = flume::Sender<Vec<u8>>;
    type Rx = flume::Receiver<Vec<u8>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        flume::bounded(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.recv().expect("a sender")
    }
}

#[cfg(feature = "kanal")]
impl Plain for ipcmark::transport::kanal::Kanal {
    type Tx = kanal::Sender<Vec<u8>>;
    type Rx = kanal::Receiver<Vec<u8>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        kanal::bounded(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.recv().expect("a sender")
    }
}

#[cfg(feature = "crossfire")]
impl Plain for ipcmark::transport::crossfire::Crossfire {
    type Tx = crossfire::MTx<crossfire::mpsc::Array<Vec<u8>>>;
    type Rx = crossfire::Rx<crossfire::mpsc::Array<Vec<u8>>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        crossfire::mpsc::bounded_blocking(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.recv().expect("a sender")
    }
}

#[cfg(feature = "tokio")]
impl Plain for ipcmark::transport::tokio::Tokio {
    type Tx = tokio::sync::mpsc::Sender<Vec<u8>>;
    type Rx = tokio::sync::mpsc::Receiver<Vec<u8>>;

    fn pair(slots: usize) -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::channel(slots)
    }

    fn give(tx: &Self::Tx, message: Vec<u8>) {
        tx.blocking_send(message).expect("a receiver");
    }

    fn get(rx: &mut Self::Rx) -> Vec<u8> {
        rx.blocking_recv().expect("a sender")
    }
}
