//! A.6: message ports and utility processes.

use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Error, IpcRenderer, MessagePort, ParentPort, RendererEvent, Scripts};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a6_ports_within_main", main: local_main, page: |_| () },
    Case { name: "a6_from_main_to_a_renderer", main: remote_main, page: echo_page },
    Case { name: "a6_from_a_renderer_to_main_nested", main: nested_main, page: nested_page },
    Case { name: "a6_renderer_to_renderer_without_main", main: direct_main, page: direct_page },
    Case { name: "a6_close_is_heard_on_both_ends", main: close_main, page: echo_page },
    Case { name: "a6_a_renderer_that_dies_closes_its_ports", main: dies_main, page: echo_page },
    Case { name: "a6_utility_process", main: utility_main, page: |_| () },
];

pub(super) fn scripts(scripts: Scripts) -> Scripts {
    scripts.utility("utility", |parent: ParentPort| {
        let listen = move |event: &ipcmark::electron::PortEvent| {
            match event.data.as_str() {
                Some("exit") => parent.exit().expect("its own thread"),
                _ => parent.post_message(format!("{} {}", event.data, event.ports.len())).expect("sent"),
            }
            event.ports.iter().for_each(echo);
        };
        parent.on_message(listen).expect("its own thread");
    })
}

/// Posts back what comes, but `close`, on which it closes.
fn echo(port: &MessagePort) {
    let back = port.clone();
    port.on_message(move |event| match event.data.as_str() {
        Some("close") => back.close(),
        _ => back.post_message(event.data.clone(), &event.ports).expect("cloneable"),
    });
    port.start();
}

fn echo_page(ipc: IpcRenderer) {
    ipc.on("port", |event, _| event.ports.iter().for_each(echo)).expect("a page");
}

/// Notes what comes out of a port, and its end.
fn noted(stage: &Stage, port: &MessagePort) {
    let note = stage.note();
    let end = note.clone();
    port.on_message(move |event| note(&event.data.to_string()));
    port.on_close(move || end("close"));
}

fn local_main(stage: &Stage) {
    let channel = stage.app.message_channel().expect("a channel");
    let (port1, port2) = (channel.port1, channel.port2);
    noted(stage, &port2);
    port1.post_message(1, &[]).expect("cloneable");
    port1.post_message(2, &[]).expect("cloneable");
    let unclonable = || Value::function(|_| Ok(().into()));
    assert_eq!(port1.post_message(unclonable(), &[]), Err(Error::NotCloneable));
    let own = port1.post_message(1, std::slice::from_ref(&port1)).unwrap_err();
    assert_eq!(own.to_string(), "Port at index 0 contains the source port.");
    port2.start();
    port2.start();
    port1.post_message(3, &[]).expect("cloneable");
    assert_eq!(stage.until_told(3), ["1", "2", "3"]);
    noted(stage, &port1);
    port1.close();
    port1.close();
    // A port that is closed says nothing, not even of what cannot be cloned.
    assert_eq!(port1.post_message(unclonable(), &[]), Ok(()));
    assert_eq!(stage.until_told(5)[3..], ["close", "close"]);
    assert_eq!(port2.post_message(unclonable(), &[]), Ok(()));
}

fn remote_main(stage: &Stage) {
    let channel = stage.app.message_channel().expect("a channel");
    let (ours, theirs) = (channel.port1, channel.port2);
    // What waits in a port travels with it.
    ours.post_message("first", &[]).expect("cloneable");
    let window = stage.open();
    window
        .web_contents()
        .expect("a window")
        .post_message("port", 0, std::slice::from_ref(&theirs))
        .expect("sent");
    assert_eq!(theirs.post_message(Value::function(|_| Ok(().into())), &[]), Ok(()), "it is neutered");
    noted(stage, &ours);
    ours.post_message("second", &[]).expect("cloneable");
    ours.start();
    assert_eq!(stage.until_told(2), ["first", "second"]);
    for number in 0..100 {
        ours.post_message(number, &[]).expect("cloneable");
    }
    let told = stage.until_told(102);
    assert!(told[2..].iter().enumerate().all(|(index, text)| *text == index.to_string()), "{told:?}");
}

fn nested_main(stage: &Stage) {
    let window = stage.open();
    let note = stage.note();
    let kept = Rc::new(RefCell::new(Vec::new()));
    let keep = Rc::clone(&kept);
    window.web_contents().expect("a window").ipc().on("port", move |event, args| {
        note(&format!("{} {}", args.get(0), event.ports().len()));
        let (note, keep) = (note.clone(), Rc::clone(&keep));
        let outer = event.ports()[0].clone();
        outer.on_message(move |event| {
            note(&format!("{} {}", event.data, event.ports.len()));
            let inner = event.ports[0].clone();
            let note = note.clone();
            inner.on_message(move |event| note(&event.data.to_string()));
            inner.start();
            inner.post_message("deep", &[]).expect("cloneable");
            keep.borrow_mut().push(inner);
        });
        outer.start();
        keepsake(&kept, outer);
    });
    assert_eq!(stage.until_told(4), ["outer 1", "inner 1", "queued", "deep"]);
}

fn keepsake(kept: &Rc<RefCell<Vec<MessagePort>>>, port: MessagePort) {
    kept.borrow_mut().push(port);
}

fn nested_page(ipc: IpcRenderer) {
    let (outer, inner) = (ipc.message_channel().expect("a page"), ipc.message_channel().expect("a page"));
    echo(&inner.port2);
    inner.port2.post_message("queued", &[]).expect("cloneable");
    outer.port2.post_message("inner", &[inner.port1]).expect("cloneable");
    ipc.post_message("port", "outer", &[outer.port1]).expect("sent");
}

fn direct_main(stage: &Stage) {
    let windows = stage.app.open_all(vec![stage.options(), stage.options()]).expect("windows");
    let channel = stage.app.message_channel().expect("a channel");
    let [first, second] = &windows[..] else { panic!("two") };
    first.web_contents().expect("a window").post_message("port", "ping", &[channel.port1]).expect("sent");
    second.web_contents().expect("a window").post_message("port", "pong", &[channel.port2]).expect("sent");
    // All that main hears of it.
    assert_eq!(stage.until_told(1), ["1000 round trips"]);
    for window in &windows {
        window.close();
    }
    stage.until("the end", || windows.iter().all(|window| window.is_destroyed()));
}

fn direct_page(ipc: IpcRenderer) {
    let listen = move |event: &RendererEvent, args: &ipcmark::electron::Args| {
        let port = event.ports[0].clone();
        let (pings, back) = (args.text(0) == Some("ping"), port.clone());
        port.on_message(move |event| {
            let number = event.data.as_f64().expect("a number");
            match number {
                1000.0 if pings => ipc.send("tell", ["1000 round trips"]).expect("sent"),
                _ => back.post_message(number + f64::from(u8::from(!pings)), &[]).expect("cloneable"),
            }
        });
        port.start();
        if pings {
            port.post_message(0, &[]).expect("cloneable");
        }
    };
    ipc.on("port", listen).expect("a page");
}

fn close_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    for words in [&["hello", "close"][..], &["hello"]] {
        let before = stage.told().len();
        let channel = stage.app.message_channel().expect("a channel");
        contents.post_message("port", 0, &[channel.port2]).expect("sent");
        noted(stage, &channel.port1);
        channel.port1.start();
        channel.port1.post_message("hello", &[]).expect("cloneable");
        stage.until_told(before + 1);
        match words {
            [_, close] => channel.port1.post_message(*close, &[]).expect("cloneable"),
            _ => channel.port1.close(),
        }
        assert_eq!(stage.until_told(before + 2)[before..], ["hello", "close"]);
    }
    // Closed before anybody used it.
    let before = stage.told().len();
    let channel = stage.app.message_channel().expect("a channel");
    noted(stage, &channel.port1);
    channel.port1.start();
    contents.post_message("port", 0, std::slice::from_ref(&channel.port2)).expect("sent");
    channel.port1.close();
    assert_eq!(stage.until_told(before + 1)[before..], ["close"]);
}

fn dies_main(stage: &Stage) {
    stage.app.on_window_all_closed(|| ()); // or the app would quit
    let window = stage.open();
    let channel = stage.app.message_channel().expect("a channel");
    window.web_contents().expect("a window").post_message("port", 0, &[channel.port2]).expect("sent");
    noted(stage, &channel.port1);
    channel.port1.post_message("hello", &[]).expect("cloneable");
    channel.port1.start();
    stage.until_told(1);
    // A port that is on its way to it, and that nobody has used.
    let unused = stage.app.message_channel().expect("a channel");
    noted(stage, &unused.port1);
    unused.port1.start();
    window.web_contents().expect("a window").post_message("nobody", 0, &[unused.port2]).expect("sent");
    window.destroy();
    assert_eq!(stage.until_told(3), ["hello", "close", "close"]);
}

fn utility_main(stage: &Stage) {
    let child = stage.app.fork("utility").expect("a process");
    let note = stage.note();
    child.on_message(move |value| note(&value.to_string()));
    let note = stage.note();
    child.on_exit(move |code| note(&format!("exit {code}")));
    let channel = stage.app.message_channel().expect("a channel");
    child.post_message("hello", &[channel.port2]).expect("cloneable");
    assert_eq!(stage.until_told(1), ["hello 1"]);
    noted(stage, &channel.port1);
    channel.port1.start();
    channel.port1.post_message("over the port", &[]).expect("cloneable");
    assert_eq!(stage.until_told(2)[1], "over the port");
    assert!(child.pid().is_some());
    child.post_message("exit", &[]).expect("cloneable");
    let mut told = stage.until_told(4);
    told[2..].sort();
    assert_eq!(told[2..], ["close", "exit 0"]);
    assert_eq!((child.pid(), child.kill()), (None, false));
    assert_eq!(child.post_message(Value::UNDEFINED, &[]), Ok(()));
}
