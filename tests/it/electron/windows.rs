//! A.3: what main sends to renderers.

use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Args, Error, IpcRenderer, WindowOptions};

pub(super) const CASES: &[Case] = &[
    Case { name: "a3_send_logs_what_it_cannot_send", main: unclonable_main, page: listening_page },
    Case { name: "a3_send_to_frame", main: frames_main, page: listening_page },
    Case { name: "a3_post_message_with_ports_and_refusals", main: post_main, page: listening_page },
    Case { name: "a3_what_is_sent_before_the_page_listens_waits", main: early_main, page: late_page },
];

/// Tells what comes, in either frame, until `end`.
fn listening_page(ipc: IpcRenderer) {
    let frames = [Some(ipc), ipc.frame(1)];
    for (index, frame) in frames.into_iter().enumerate() {
        let Some(frame) = frame else { continue };
        let listen = move |event: &ipcmark::electron::RendererEvent, args: &Args| {
            let text = format!("{index}: {:?} {}", args.array().to_string(), event.ports.len());
            ipc.send("tell", [text]).expect("sent");
        };
        frame.on("a", listen).expect("a page");
    }
    ipc.on("end", move |_, _| ipc.close_window()).expect("a page");
    ipc.send("tell", ["ready"]).expect("sent");
}

fn unclonable_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window").clone();
    let unclonable = || Value::function(|_| Ok(().into()));
    // Electron's notes say that this throws.
    contents.send("a", [unclonable()]).expect("no error");
    contents.main_frame().send("a", [unclonable()]);
    assert_eq!(stage.log(), ["Error sending from webFrameMain:  Error: Failed to serialize arguments"; 2]);
    let posted = contents.post_message("a", unclonable(), &[]).unwrap_err();
    assert_eq!(posted.to_string(), "An object could not be cloned.");
    stage.until_told(1);
    contents.send("nobody", [1]).expect("no error");
    contents.send("a", (1, "b")).expect("no error");
    contents.send("end", ()).expect("no error");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["ready", r#"0: "1,b" 0"#]);
    assert_eq!(window.web_contents().unwrap_err().class(), "TypeError");
    assert_eq!(contents.post_message("a", 1, &[]).unwrap_err().to_string(), "Object has been destroyed");
}

fn frames_main(stage: &Stage) {
    let window = stage.open_as(WindowOptions { frames: vec!["app://inner".into()], ..stage.options() });
    let contents = window.web_contents().expect("a window");
    stage.until_told(1);
    assert_eq!(contents.send_to_frame(1, "a", [1]), Ok(true));
    assert_eq!(contents.send_to_frame(0, "a", [0]), Ok(true));
    assert_eq!(contents.send_to_frame(2, "a", [2]), Ok(false));
    contents.frame(1).expect("a frame").send("a", [3]);
    let contents = contents.clone();
    contents.send("end", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["ready", r#"1: "1" 0"#, r#"0: "0" 0"#, r#"1: "3" 0"#]);
    assert_eq!(contents.send_to_frame(0, "a", ()), Err(Error::Destroyed));
}

fn post_main(stage: &Stage) {
    let window = stage.open();
    stage.until_told(1);
    let contents = window.web_contents().expect("a window");
    let channel = stage.app.message_channel().expect("a channel");
    let (port, other) = (channel.port1, channel.port2);
    // The message is looked at first, then the ports; what is refused leaves them where they are.
    let unclonable = Value::function(|_| Ok(().into()));
    let post = |message: Value, ports: &[_]| {
        contents.post_message("a", message, ports).map_err(|error| error.to_string())
    };
    assert_eq!(post(unclonable, std::slice::from_ref(&port)), Err("An object could not be cloned.".into()));
    assert_eq!(post(1.into(), &[port.clone(), port.clone()]), Err("Port at index 1 is a duplicate.".into()));
    assert_eq!(post(1.into(), std::slice::from_ref(&port)), Ok(()));
    assert_eq!(post(1.into(), &[port]), Err("Port at index 0 is already neutered.".into()));
    assert_eq!(post(Value::array([1, 2]), &[other]), Ok(()));
    contents.send("end", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["ready", r#"0: "1" 1"#, r#"0: "1,2" 1"#]);
}

fn early_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    for number in 0..100 {
        contents.send("a", [number]).expect("a window");
    }
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["ready", "100 in order"]);
}

fn late_page(ipc: IpcRenderer) {
    ipc.send("tell", ["ready"]).expect("sent");
    let mut next = 0;
    let listen = move |_: &_, args: &Args| {
        assert_eq!(args.number(0), Some(f64::from(next)));
        next += 1;
        if next == 100 {
            ipc.send("tell", ["100 in order"]).expect("sent");
            ipc.close_window();
        }
    };
    ipc.on("a", listen).expect("a page");
}
