//! A.4: what navigation, crashes and ends do to messages.

use super::{Case, Stage};
use ipcmark::electron::{IpcRenderer, Renderers};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a4_reload_begins_anew", main: reload_main, page: reload_page },
    Case { name: "a4_crash_and_recovery", main: crash_main, page: crash_page },
    Case { name: "a4_killed_with_invokes_pending", main: pending_main, page: pending_page },
    Case { name: "a4_window_destroyed", main: destroyed_main, page: pending_page },
    Case { name: "a4_app_ends_its_renderers", main: quit_main, page: pending_page },
];

fn reload_main(stage: &Stage) {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    stage.app.ipc_main().on("hello", move |event, _| {
        keep.borrow_mut().get_or_insert_with(|| event.clone());
    });
    stage
        .app
        .ipc_main()
        .handle_later("never", |event, _, reply| {
            // The page is left with this pending; the answer to it reaches nobody.
            event.sender().reload().expect("a window");
            reply.resolve(&"too late".into());
        })
        .expect("the first");
    let window = stage.open();
    let contents = window.web_contents().expect("a window").clone();
    let note = stage.note();
    contents.main_frame().ipc().on("mine", move |_, _| note("the frame's own listener stays"));
    stage.until("the end", || window.is_destroyed());
    assert_eq!(
        stage.told(),
        ["IPC method called after context was released", "the frame's own listener stays"]
    );
    let event = kept.borrow_mut().take().expect("an event");
    assert!(event.sender_frame().is_none(), "it was another page's");
    assert!(event.frame_as_sent().is_some_and(|frame| frame.detached()));
}

thread_local! {
    /// Which page this is, and what the first one kept.
    static PAGE: Cell<(u32, Option<IpcRenderer>)> = const { Cell::new((0, None)) };
}

fn reload_page(ipc: IpcRenderer) {
    let (number, first) = PAGE.get();
    PAGE.set((number + 1, Some(ipc)));
    match first {
        None => {
            ipc.send("hello", ()).expect("sent");
            ipc.on("hello", |_, _| ()).expect("a page");
            assert!(ipc.invoke("never", ()).wait().is_err());
        }
        Some(first) => {
            assert!(ipc.event_names().is_empty(), "its listeners went with the first page");
            ipc.send("tell", [first.send("a", ()).unwrap_err().to_string()]).expect("sent");
            ipc.send("mine", ()).expect("sent");
            ipc.close_window();
        }
    }
}

fn crash_main(stage: &Stage) {
    let note = stage.note();
    stage.app.on_render_process_gone(move |contents, details| {
        assert!(contents.is_crashed() && !contents.is_destroyed());
        note(&format!("{} {}", details.reason, details.exit_code));
    });
    let window = stage.open();
    let other = stage.open();
    let contents = window.web_contents().expect("not destroyed").clone();
    stage.until_told(2);
    contents.send("crash", ()).expect("a window");
    let gone = stage.until_told(4);
    // A thread says no more than that it panicked; a process is known by its code.
    let reason = if stage.renderers == Renderers::Threads { "crashed 1" } else { "abnormal-exit 101" };
    assert_eq!(gone[2..], ["last words", reason], "what it had sent before still came");
    contents.send("a", ()).expect("it is only logged");
    assert_eq!(
        stage.log(),
        [
            "Error sending from webFrameMain:  Error: Render frame was disposed before WebFrameMain could be accessed",
        ]
    );
    assert_eq!(
        contents.post_message("a", 1, &[]).unwrap_err().to_string(),
        "Render frame was disposed before WebFrameMain could be accessed",
    );
    assert!(contents.main_frame().url().is_err());
    contents.reload().expect("another renderer");
    stage.until_told(5);
    for window in [&window, &other] {
        window.close();
    }
    stage.until("the end", || window.is_destroyed() && other.is_destroyed());
}

fn crash_page(ipc: IpcRenderer) {
    ipc.on("crash", move |_, _| fail(ipc)).expect("a page");
    ipc.send("tell", ["ready"]).expect("sent");
}

/// As a panic does, but without its words on standard error.
fn fail(ipc: IpcRenderer) {
    ipc.send("tell", ["last words"]).expect("sent");
    std::panic::resume_unwind(Box::new("as it was told to"));
}

/// Keeps the reply of the renderer's call.
fn keep(stage: &Stage) -> Rc<RefCell<Option<ipcmark::electron::Reply>>> {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    stage
        .app
        .ipc_main()
        .handle_later("never", move |_, _, reply| drop(keep.borrow_mut().replace(reply)))
        .expect("the first");
    kept
}

fn pending_main(stage: &Stage) {
    if stage.renderers == Renderers::Threads {
        return; // nobody can kill a thread
    }
    let kept = keep(stage);
    let window = stage.open();
    let contents = window.web_contents().expect("not destroyed").clone();
    let note = stage.note();
    contents.on_render_process_gone(move |details| note(details.reason));
    stage.until("the call", || kept.borrow().is_some());
    contents.forcefully_crash_renderer();
    assert_eq!(stage.until_told(1), ["killed"]);
    assert_eq!(contents.process_id(), 0);
    let reply = kept.borrow_mut().take().expect("a reply");
    reply.resolve(&1.into()); // to nobody
    window.close();
    assert!(window.is_destroyed());
}

fn pending_page(ipc: IpcRenderer) {
    // Left by its window's end, or by its own.
    assert!(ipc.invoke("never", ()).wait().is_err());
}

fn destroyed_main(stage: &Stage) {
    let kept = keep(stage);
    let window = stage.open();
    let note = stage.note();
    window.on_closed(move || note("closed"));
    stage.until("the call", || kept.borrow().is_some());
    window.destroy();
    assert!(window.web_contents().is_err());
    assert_eq!(stage.told(), ["closed"]);
    if let Some(reply) = kept.borrow_mut().take() {
        reply.resolve(&1.into()); // to a window that is gone
    }
    stage.app.run(); // without windows it is over
}

fn quit_main(stage: &Stage) {
    let kept = keep(stage);
    stage.open();
    let (app, quit) = (stage.app.clone(), stage.app.clone());
    let open = stage.options();
    app.on_ready(move || quit.open(open.clone()).map(drop));
    stage.app.ipc_main().on("tell", |_, _| ());
    stage.until("the call", || kept.borrow().is_some());
    app.quit();
    app.run();
    assert!(app.windows().is_empty(), "they end with the app");
}
