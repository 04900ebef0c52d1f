//! A renderer that has been taken over: it writes frames to the link itself, without a preload. What main answers it.

use crate::test;
use ipcmark::codec::v8::{self, Views};
use ipcmark::codec::{Ref, Value};
use ipcmark::electron::policy::{Channels, Checks, Origins, Policy, Rules, Sender, Verb, Whitelist};
use ipcmark::electron::schema::{Rule, Schema, Schemas};
use ipcmark::transport::uds_stream::UdsStream;
use ipcmark::transport::{Block, Inbox, Spec, Transport, Tx};
use libtest_mimic::Trial;
use std::time::Duration;

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("electron_layers::s8_a_raw_client_is_refused_by_main", raw_client)]
}

fn raw_client() {
    let schema = Schema::arguments([Rule::integer(0, 10)]).expect("a schema");
    let rules = Rules {
        whitelist: Whitelist { invoke: Channels::new(["volume"]), ..Whitelist::default() },
        origins: Origins::new(["app://bundle"]).expect("an origin"),
        schemas: Schemas::new([("volume", schema)]),
    };
    let checks = Checks::new(Policy::ValidateBoth, rules);
    let spec = Spec { windows: 1, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, mut addresses) = UdsStream::bind(&spec).expect("a hub");
    let frames = [("volume", Value::from(7)), ("volume", 11.into()), ("quit", 7.into())];
    let (outcomes, preloads) = std::thread::scope(|scope| {
        let address = addresses.remove(0);
        let frames = &frames;
        let client = scope.spawn(move || {
            let (mut tx, _rx) = UdsStream::connect::<Block>(address).expect("a link");
            for (channel, argument) in frames {
                let message = Value::array([Value::from(*channel), Value::array([argument.clone()])]);
                let mut bytes = Vec::new();
                v8::encode(&message, Views::Native, &mut bytes).expect("bytes");
                tx.send(bytes.len(), |frame| frame.copy_from_slice(&bytes)).expect("room");
            }
            tx.flush().expect("sent");
            _rx
        });
        let (_outbox, mut inbox) = UdsStream::accept::<Block>(bound).expect("a client");
        let outcomes: Vec<Result<(), String>> = frames
            .iter()
            .map(|_| inbox.recv(|peer, frame| heard(&checks, peer, frame)).expect("a frame"))
            .collect();
        drop(client.join());
        let preloads = |channel: &str, argument: &Value| {
            checks.in_preload(Verb::Invoke, channel, std::slice::from_ref(argument)).is_ok()
        };
        (outcomes, frames.iter().map(|(channel, argument)| preloads(channel, argument)).collect::<Vec<_>>())
    });
    let expected = [
        Ok(()),
        Err("Invalid arguments for channel 'volume': argument 0: expected a whole number from 0 to 10"
            .to_owned()),
        Err("Channel 'quit' has no schema".to_owned()),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(preloads, [true, false, false]);
}

/// What main does with a frame: who sent it is known from the link.
fn heard(checks: &Checks, peer: usize, frame: &[u8]) -> Result<(), String> {
    let message = v8::decode(frame).map_err(|error| error.to_string())?.value;
    let channel = message.at(0).and_then(Ref::as_str).ok_or("no channel")?;
    let arguments = message.at(1).ok_or("no arguments")?;
    let sender = Sender { window: peer as u32, main_frame: true, url: "app://bundle/index.html" };
    checks.in_main(&sender, channel, arguments).map_err(|refusal| refusal.to_string())
}
