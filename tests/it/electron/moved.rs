//! A.5 and A.6: ports that are sent on, with what waits in them (MP-5, MP-15).

use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Args, BrowserWindow, Error, IpcRenderer, MessagePort, RendererEvent};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a6_mp5_a_port_in_use_is_sent_on_in_order", main: onward_main, page: onward_page },
    Case { name: "a6_mp15_what_nobody_has_heard_goes_with_the_port", main: waiting_main, page: waiting_page },
    Case { name: "a6_a_port_goes_from_renderer_to_renderer_and_on", main: chain_main, page: onward_page },
    Case { name: "a6_a_port_sent_on_hears_the_end", main: end_main, page: onward_page },
    Case { name: "a1_a6_a_bad_port_costs_no_other", main: bad_main, page: bad_page },
];

/// Tells what comes out of a port; sends the port on when it is told to; echoes when it is the last.
fn onward_page(ipc: IpcRenderer) {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    let take = move |event: &RendererEvent, args: &Args| {
        let (port, mode) = (event.ports[0].clone(), args.text(0).unwrap_or_default().to_owned());
        let back = port.clone();
        port.on_message(move |event| {
            if mode == "tell" {
                ipc.send("tell", [format!("page {}", event.data)]).expect("sent");
            } else {
                back.post_message(event.data.clone(), &[]).expect("cloneable");
            }
        });
        port.start();
        keep.borrow_mut().replace(port);
    };
    ipc.on("port", take).expect("a page");
    ipc.on("on", move |_, _: &Args| {
        let port = kept.borrow_mut().take().expect("a port");
        ipc.post_message("moved", 0, std::slice::from_ref(&port)).expect("it may go");
        assert_eq!(port.post_message(Value::function(|_| Ok(().into())), &[]), Ok(()), "it is neutered");
    })
    .expect("a page");
}

fn post(window: &BrowserWindow, mode: &str, port: MessagePort) {
    window.web_contents().expect("a window").post_message("port", mode, &[port]).expect("sent");
}

fn send_on(window: &BrowserWindow) {
    window.web_contents().expect("a window").send("on", ()).expect("a window");
}

/// Notes what comes out of a port, after a name.
fn noted(stage: &Stage, name: &'static str, port: &MessagePort) {
    let (note, end) = (stage.note(), stage.note());
    port.on_message(move |event| note(&format!("{name} {}", event.data)));
    port.on_close(move || end(&format!("{name} closed")));
    port.start();
}

/// The numbers, whoever told them.
fn numbers(told: &[String]) -> Vec<u32> {
    told.iter().filter_map(|text| text.rsplit(' ').next()?.parse().ok()).collect()
}

fn onward_main(stage: &Stage) {
    let window = stage.open();
    let channel = stage.app.message_channel().expect("a channel");
    let ours = channel.port1;
    noted(stage, "back", &ours);
    post(&window, "tell", channel.port2);
    for number in 0..50 {
        ours.post_message(number, &[]).expect("cloneable");
    }
    // It has its link, and there is more on it than the page has heard when it sends the port on.
    stage.until_told(1);
    send_on(&window);
    let more = Rc::new(Cell::new(50));
    let (moved, note) = (Rc::new(RefCell::new(None)), stage.note());
    let (keep, from) = (Rc::clone(&moved), ours.clone());
    for _ in 0..50 {
        ours.post_message(more.replace(more.get() + 1), &[]).expect("cloneable");
    }
    stage.app.ipc_main().on("moved", move |event, _| {
        let (port, note) = (event.ports()[0].clone(), note.clone());
        port.on_message(move |event| note(&format!("main {}", event.data)));
        port.start();
        for _ in 0..50 {
            from.post_message(more.replace(more.get() + 1), &[]).expect("cloneable");
        }
        keep.borrow_mut().replace(port);
    });
    let told = stage.until_told(150);
    assert_eq!(numbers(&told), (0..150).collect::<Vec<_>>(), "{told:?}");
    assert!(told[149].starts_with("main"), "{told:?}");
    let moved = moved.borrow_mut().take().expect("a port");
    for number in 0..50 {
        moved.post_message(number, &[]).expect("cloneable");
    }
    let told = stage.until_told(200);
    assert_eq!(told[150..], (0..50).map(|number| format!("back {number}")).collect::<Vec<_>>());
}

/// A port that has its link, because something was posted to it, and was never started.
fn waiting_page(ipc: IpcRenderer) {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    ipc.on("port", move |event, _| {
        event.ports[0].post_message(0, &[]).expect("cloneable");
        keep.borrow_mut().replace(event.ports[0].clone());
    })
    .expect("a page");
    ipc.on("on", move |_, _: &Args| {
        let port = kept.borrow_mut().take().expect("a port");
        ipc.post_message("moved", 0, &[port]).expect("it may go");
    })
    .expect("a page");
}

fn waiting_main(stage: &Stage) {
    let window = stage.open();
    let channel = stage.app.message_channel().expect("a channel");
    noted(stage, "back", &channel.port1);
    post(&window, "", channel.port2);
    assert_eq!(stage.until_told(1), ["back 0"]);
    for number in 1..=10 {
        channel.port1.post_message(number, &[]).expect("cloneable");
    }
    let (kept, note) = (RefCell::new(Vec::new()), stage.note());
    stage.app.ipc_main().on("moved", move |event, _| {
        let (port, note) = (event.ports()[0].clone(), note.clone());
        port.on_message(move |event| note(&format!("main {}", event.data)));
        port.start();
        kept.borrow_mut().push(port);
    });
    send_on(&window);
    let told = stage.until_told(11);
    assert_eq!(told[1..], (1..=10).map(|number| format!("main {number}")).collect::<Vec<_>>());
}

/// From one renderer to main, from there to another one and back, in use all the while.
fn chain_main(stage: &Stage) {
    let windows = [stage.open(), stage.open()];
    let channel = stage.app.message_channel().expect("a channel");
    let ours = channel.port1;
    noted(stage, "back", &ours);
    let to = windows[1].clone();
    let passes = Rc::new(Cell::new(0));
    let passed = Rc::clone(&passes);
    stage.app.ipc_main().on("moved", move |event, _| {
        let port = event.ports()[0].clone();
        // Passed on as it came the first time, put to use in between the second time.
        if passed.replace(passed.get() + 1) > 0 {
            port.start();
        }
        post(&to, "echo", port);
    });
    post(&windows[0], "echo", channel.port2);
    for round in 0..3_u32 {
        for number in round * 20..round * 20 + 20 {
            ours.post_message(number, &[]).expect("cloneable");
        }
        // Some are still under way when the port is sent on: by the first window, then by the second one.
        stage.until_told(round as usize * 20 + 1);
        if let Some(window) = windows.get(round as usize) {
            send_on(window);
            stage.until("the port", || passes.get() > round);
        }
    }
    let told = stage.until_told(60);
    assert_eq!(numbers(&told), (0..60).collect::<Vec<_>>(), "{told:?}");
}

/// Closed at one end; closed at the other one; closed behind what was posted while the port was under way.
fn end_main(stage: &Stage) {
    for way in 0..3 {
        let before = stage.told().len();
        let window = stage.open();
        let channel = stage.app.message_channel().expect("a channel");
        let (ours, moved) = (channel.port1, Rc::new(RefCell::new(None)));
        let (from, keep, note, end) = (ours.clone(), Rc::clone(&moved), stage.note(), stage.note());
        window.web_contents().expect("a window").ipc().on("moved", move |event, _| {
            from.post_message(2, &[]).expect("cloneable");
            if way == 2 {
                from.close();
            }
            let (port, note, end) = (event.ports()[0].clone(), note.clone(), end.clone());
            port.on_message(move |event| note(&format!("main {}", event.data)));
            port.on_close(move || end("main closed"));
            port.start();
            keep.borrow_mut().replace(port);
        });
        noted(stage, "back", &ours);
        post(&window, "echo", channel.port2);
        ours.post_message(1, &[]).expect("cloneable");
        stage.until_told(before + 1);
        send_on(&window);
        stage.until("what was posted", || stage.told().iter().skip(before).any(|text| text == "main 2"));
        match way {
            0 => ours.close(),
            1 => moved.borrow().as_ref().expect("a port").close(),
            _ => {}
        }
        let told = stage.until_told(before + 4)[before..].to_vec();
        let at = |text| told.iter().position(|one| one == text);
        assert_eq!(at("back 1"), Some(0), "{told:?}");
        assert!(at("main 2") < at("main closed") && at("back closed").is_some(), "{told:?}");
    }
}

/// Electron's code loses the first port with a bad second one; here it stays.
fn bad_main(stage: &Stage) {
    let note = stage.note();
    let kept = RefCell::new(Vec::new());
    stage.app.ipc_main().on("port", move |event, _| {
        for port in event.ports() {
            let note = note.clone();
            port.on_message(move |event| note(&format!("{}", event.data)));
            port.start();
            kept.borrow_mut().push(port.clone());
        }
    });
    let window = stage.open();
    assert_eq!(stage.until_told(3), ["refused", "waited", "posted"]);
    let [good, bad] = [(); 2].map(|()| stage.app.message_channel().expect("a channel"));
    bad.port1.close();
    let contents = window.web_contents().expect("a window");
    let ports = [good.port1.clone(), bad.port1];
    assert_eq!(contents.post_message("a", 1, &ports), Err(Error::PortNeutered(1)));
    noted(stage, "main", &good.port1);
    good.port2.post_message("still there", &[]).expect("cloneable");
    stage.until("the message", || stage.told().iter().any(|text| text == "main still there"));
}

fn bad_page(ipc: IpcRenderer) {
    let [good, bad] = [(); 2].map(|()| ipc.message_channel().expect("a page"));
    good.port2.post_message("waited", &[]).expect("cloneable");
    bad.port1.close();
    let post = |message: Value, ports: &[MessagePort]| ipc.post_message("port", message, ports);
    let ports = [good.port1.clone(), bad.port1.clone()];
    assert_eq!(post(1.into(), &ports), Err(Error::PortNeutered(1)));
    let twice = [good.port1.clone(), good.port1.clone()];
    assert_eq!(post(1.into(), &twice), Err(Error::PortDuplicate(1)));
    let long = Value::bytes(vec![0; 300 << 10]);
    assert!(matches!(post(long.clone(), &ports[..1]), Err(Error::TooLong(_))));
    assert!(matches!(good.port2.post_message(long, &[]), Err(Error::TooLong(_))));
    ipc.send("tell", ["refused"]).expect("sent");
    post(2.into(), &ports[..1]).expect("it never went");
    good.port2.post_message("posted", &[]).expect("cloneable");
}
