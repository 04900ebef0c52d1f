//! A.2: who hears a message, in which order, and from whom it is.

use super::stage::thrown;
use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Args, Error, IpcRenderer, WindowOptions};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a2_cascade", main: cascade_main, page: cascade_page },
    Case { name: "a2_reply_goes_to_the_frame_that_sent", main: reply_main, page: reply_page },
    Case { name: "s1_s2_sender_is_who_the_link_says", main: sender_main, page: sender_page },
];

fn cascade_main(stage: &Stage) {
    let window = stage.open_as(WindowOptions { frames: vec!["app://inner".into()], ..stage.options() });
    let contents = window.web_contents().expect("a window").clone();
    let (main, inner) = (contents.main_frame(), contents.frame(1).expect("a frame"));
    let note = stage.note();
    contents.on_ipc_message({
        let note = note.clone();
        move |_, channel, _| note(&format!("ipc-message {channel}"))
    });
    let places = [
        ("main", main.ipc()),
        ("frame", inner.ipc()),
        ("contents", contents.ipc()),
        ("app", stage.app.ipc_main()),
    ];
    for (place, ipc) in places {
        for channel in ["send", "post", "sync"] {
            let note = note.clone();
            ipc.on(channel, move |event, _| {
                note(&format!("{place} {channel}"));
                event.return_value(place).expect("cloneable");
            });
        }
        ipc.handle("who", move |_, _| Ok(place.into())).expect("the first");
    }
    let here = contents.clone();
    stage.app.ipc_main().on("less", move |_, _| here.frame(1).expect("a frame").ipc().remove_handler("who"));
    contents.send("go", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(
        stage.told(),
        [
            "ipc-message send",
            "frame send",
            "contents send",
            "app send",
            "frame post",
            "contents post",
            "app post",
            "ipc-message sync",
            "frame sync",
            "contents sync",
            "app sync",
            "ipc-message tell",
            "frame frame",
            "ipc-message less",
            "ipc-message tell",
            "contents",
        ]
    );
}

fn cascade_page(ipc: IpcRenderer) {
    ipc.on("go", move |_, _: &Args| {
        let inner = ipc.frame(1).expect("a frame");
        inner.send("send", ()).expect("sent");
        inner.post_message("post", 1, &[]).expect("sent");
        let first = inner.send_sync("sync", ()).expect("a value");
        let who = inner.invoke("who", ()).wait().expect("an answer");
        inner.send("tell", [format!("{first} {who}")]).expect("sent");
        inner.send("less", ()).expect("sent");
        let who = inner.invoke("who", ()).wait().expect("an answer");
        inner.send("tell", [who]).expect("sent");
        ipc.close_window();
    })
    .expect("a page");
}

fn reply_main(stage: &Stage) {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    stage.app.ipc_main().on("ask", move |event, _| {
        assert!(event.reply("answer", [1]).expect("a frame that asked"));
        event.sender().send("answer", [2]).expect("a window");
        keep.borrow_mut().replace(event.clone());
    });
    stage
        .app
        .ipc_main()
        .handle("invoke", |event, _| {
            assert_eq!(event.reply("x", ()), Err(Error::NoReply));
            Ok(().into())
        })
        .expect("the first");
    let window = stage.open_as(WindowOptions { frames: vec!["app://inner".into()], ..stage.options() });
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["inner 1", "main 2"]);
    let event = kept.borrow_mut().take().expect("an event");
    // Nothing happens once the frame is gone.
    assert_eq!(event.reply("answer", ()), Ok(false));
    assert!(event.sender_frame().is_none());
    assert_eq!(event.sender().send("answer", ()).unwrap_err().to_string(), "Object has been destroyed");
}

fn reply_page(ipc: IpcRenderer) {
    let inner = ipc.frame(1).expect("a frame");
    inner
        .on("answer", move |_, args| {
            ipc.send("tell", [format!("inner {}", args.get(0))]).map_err(Value::from)
        })
        .expect("a page");
    ipc.on("answer", move |_, args| {
        ipc.send("tell", [format!("main {}", args.get(0))]).expect("sent");
        ipc.close_window();
    })
    .expect("a page");
    ipc.invoke("invoke", ()).wait().expect("an answer");
    inner.send("ask", ()).expect("sent");
}

/// A policy: only the window at `app://trusted`, and there the main frame, gets an answer.
fn sender_main(stage: &Stage) {
    stage
        .app
        .ipc_main()
        .handle("secret", |event, args| {
            let frame = event.sender_frame().ok_or("gone")?;
            let trusted = frame.is_main() && frame.origin().map_err(Value::from)? == "app://trusted";
            assert_eq!(args.number(0), Some(1.0), "both claim to be window 1");
            if trusted { Ok(event.sender().id().into()) } else { Err(thrown("Error", "refused")) }
        })
        .expect("the first");
    let at = |url: &str| WindowOptions {
        url: url.to_owned(),
        frames: vec!["app://ads".into()],
        ..stage.options()
    };
    let windows =
        stage.app.open_all(vec![at("app://trusted/index"), at("app://trusted.evil/index")]).expect("windows");
    stage.until("the end", || windows.iter().all(|window| window.is_destroyed()));
    let mut told = stage.told();
    told.sort();
    let refused = "Error invoking remote method 'secret': Error: refused";
    assert_eq!(told, ["1", refused, refused, refused]);
}

fn sender_page(ipc: IpcRenderer) {
    for frame in [ipc, ipc.frame(1).expect("a frame")] {
        let text = frame
            .invoke("secret", [1])
            .wait()
            .map_or_else(|error| error.to_string(), |value| value.to_string());
        ipc.send("tell", [text]).expect("sent");
    }
    ipc.close_window();
}
