//! What no renderer of ours does: frames that break the protocol, sent by one that gets at its link.

mod by_hand;

use super::node::here;
use super::wire::{self, Header, Kind};
use super::{App, Options, Renderers, Scripts, WindowOptions};
use crate::codec::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Makes a frame.
type Rogue = fn(&mut Vec<u8>);

fn with(header: Header<'_>, buffer: &mut Vec<u8>, body: &Value) {
    wire::write(buffer, header, &[], body).expect("cloneable");
}

/// None of them is what a renderer may send.
const ROGUES: &[(&str, Rogue)] = &[
    ("nothing", Vec::clear),
    ("an unknown kind", |buffer| *buffer = vec![99; wire::HEADER]),
    ("cut short", |buffer| {
        with(Header::new(Kind::Send, 0, 0), buffer, &Value::array([1]));
        buffer.pop();
    }),
    ("another window's frame", |buffer| with(Header::new(Kind::Send, 1, 0), buffer, &Value::array([1]))),
    ("arguments that are no array", |buffer| with(Header::new(Kind::Send, 0, 0), buffer, &1.into())),
    ("main's own kind", |buffer| with(Header::new(Kind::Reply, 0, 0), buffer, &1.into())),
    ("a length of four billion", |buffer| {
        with(Header::new(Kind::Post, 0, 0), buffer, &1.into());
        buffer[1] = 1; // a port, whose lists are what follows
        buffer.truncate(wire::HEADER);
        buffer.extend_from_slice(&[0xff; 24]);
    }),
];

#[test]
fn s10_a_malformed_frame_ends_its_link_and_no_other() {
    for transport in ["std-mpsc", "shm", "pipe"] {
        for &(what, rogue) in ROGUES {
            let scripts = Scripts::new()
                .raw("rogue", move |ipc| {
                    ipc.send("before", ()).expect("sent");
                    let node = here().expect("a page");
                    node.send_with(|buffer| {
                        rogue(buffer);
                        Ok(())
                    })
                    .expect("sent");
                    let _ = ipc.send("after", ()); // its link may be closed by now
                })
                .raw("honest", |ipc| {
                    ipc.on("ask", move |_, _| ipc.send("honest", ())).expect("a page");
                });
            let options =
                Options { renderers: Renderers::Threads, log: Arc::new(|_| ()), ..Options::new(transport) };
            let app = App::new(&scripts, options).expect("an app");
            let heard = Rc::new(RefCell::new(Vec::new()));
            for channel in ["before", "after", "honest"] {
                let heard = Rc::clone(&heard);
                app.ipc_main().on(channel, move |_, _| heard.borrow_mut().push(channel));
            }
            let gone = Rc::clone(&heard);
            app.on_render_process_gone(move |_, details| gone.borrow_mut().push(details.reason));
            let windows = ["rogue", "honest"].map(WindowOptions::raw).to_vec();
            let windows = app.open_all(windows).expect("windows");
            let limit = Duration::from_secs(10);
            assert!(app.run_until(limit, || heard.borrow().len() == 2), "{transport}, {what}: {heard:?}");
            windows[1].web_contents().expect("a window").send("ask", ()).expect("a window");
            assert!(app.run_until(limit, || heard.borrow().len() == 3), "{transport}, {what}: {heard:?}");
            assert_eq!(*heard.borrow(), ["before", "killed", "honest"], "{transport}, {what}");
        }
    }
}
