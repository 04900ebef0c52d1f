//! A.1 to A.4: what is said when somebody is gone, and who is spared when somebody throws.

use super::stage::thrown;
use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Args, Error, IpcRenderer, WebPreferences, WindowOptions};
use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a1_send_sync_answers_null_when_main_is_gone", main: null_main, page: null_page },
    Case {
        name: "a2_frm9_a_message_of_the_page_before_reaches_the_frame",
        main: before_main,
        page: before_page,
    },
    Case { name: "a2_who_throws_ends_the_cascade", main: throws_main, page: throws_page },
    Case { name: "a4_a_destroyed_window_says_so_in_every_verb", main: destroyed_main, page: |_| () },
    Case { name: "a4_load_url_is_another_page_in_the_same_frame", main: load_main, page: load_page },
];

/// The page has nobody left to tell it to but the test itself, by a socket.
fn null_main(stage: &Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    stage.app.ipc_main().on("where", move |event, _| event.return_value(address.as_str()));
    let app = stage.app.clone();
    // Never answered, and nobody to do so once the app has ended.
    let kept = Rc::new(Cell::new(None));
    stage.app.ipc_main().on("ask", move |event, _| {
        kept.set(Some(event.clone()));
        app.quit();
    });
    let preferences = WebPreferences { sandbox: false, ..stage.options().preferences };
    stage.open_as(WindowOptions { preferences, ..stage.options() });
    stage.app.run(); // and waits until the page has ended
    listener.set_nonblocking(true).expect("a mode"); // it has connected, or never will
    let mut text = String::new();
    let (mut socket, _) = listener.accept().expect("an answer");
    socket.set_nonblocking(false).and_then(|()| socket.read_to_string(&mut text)).expect("a text");
    assert_eq!(text, "Ok(null)");
}

fn null_page(ipc: IpcRenderer) {
    let address = ipc.send_sync("where", ()).expect("an address");
    let answer = ipc.send_sync("ask", ());
    let mut socket = TcpStream::connect(address.as_str().expect("an address")).expect("the test");
    write!(
        socket,
        "{}",
        if answer == Ok(Value::NULL) { "Ok(null)".to_owned() } else { format!("{answer:?}") }
    )
    .expect("written");
}

/// The frame's own listeners belong to the frame, whatever page it shows by the time.
fn before_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window").clone();
    let here = contents.clone();
    stage.app.ipc_main().once("first", move |_, _| here.reload());
    let note = stage.note();
    contents.main_frame().ipc().on("second", move |event, _| {
        let detached = event.frame_as_sent().is_some_and(|frame| frame.detached());
        note(&format!("second {} {detached}", event.sender_frame().is_none()));
        assert_eq!(event.reply("unheard", ()), Ok(!detached), "to the page that asked, or nobody");
    });
    stage.until_told(2);
    window.close();
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["second true true", "second false false"]);
}

fn before_page(ipc: IpcRenderer) {
    // Main has reloaded the page by the second one; the new page says both again.
    ipc.send("first", ()).expect("sent");
    ipc.send("second", ()).expect("sent");
}

fn throws_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    let (note, never) = (stage.note(), stage.note());
    contents.main_frame().ipc().on("a", move |_, _| note("frame"));
    contents.ipc().on("a", |_, _| -> Result<(), Value> { Err(thrown("Error", "boom")) });
    stage.app.ipc_main().on("a", move |_, _| never("ipcMain"));
    contents.send("go", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["frame", "after"]);
    assert_eq!(stage.log(), ["Uncaught Exception:\nError: boom"]);
}

fn throws_page(ipc: IpcRenderer) {
    ipc.on("go", move |_, _: &Args| {
        ipc.send("a", ()).expect("sent");
        ipc.send("tell", ["after"]).expect("sent");
        ipc.close_window();
    })
    .expect("a page");
}

fn destroyed_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window").clone();
    let frame = contents.main_frame();
    window.destroy();
    let said = |error: Error| {
        assert_eq!((error.class(), error.to_string().as_str()), ("TypeError", "Object has been destroyed"));
    };
    said(window.web_contents().map(drop).unwrap_err());
    said(contents.send("a", ()).unwrap_err());
    said(contents.send_to_frame(0, "a", ()).unwrap_err());
    said(contents.post_message("a", 1, &[]).unwrap_err());
    said(contents.reload().unwrap_err());
    said(contents.load_url("app://index").unwrap_err());
    // A frame that somebody kept has words of its own, and `send` says them to the log alone.
    let disposed = "Render frame was disposed before WebFrameMain could be accessed";
    assert_eq!(frame.post_message("a", 1, &[]).unwrap_err().to_string(), disposed);
    assert_eq!(frame.url().unwrap_err().to_string(), disposed);
    frame.send("a", ());
    assert_eq!(stage.log(), [format!("Error sending from webFrameMain:  Error: {disposed}")]);
    window.close();
    window.destroy();
}

fn load_main(stage: &Stage) {
    let window = stage.open();
    let contents = window.web_contents().expect("a window").clone();
    let note = stage.note();
    contents.main_frame().ipc().on("here", move |event, _| {
        let frame = event.sender_frame().expect("the page's");
        note(&frame.url().expect("a frame"));
        match frame.url().expect("a frame").as_str() {
            "app://other/page" => event.sender().send("end", ()),
            _ => event.sender().load_url("app://other/page"),
        }
    });
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["app://index", "app://other/page"]);
}

fn load_page(ipc: IpcRenderer) {
    ipc.on("end", move |_, _: &Args| ipc.close_window()).expect("a page");
    ipc.send("here", ()).expect("sent");
}
