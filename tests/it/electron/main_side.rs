//! A.2: how main hears and answers.

use super::stage::thrown;
use super::{Case, Stage};
use ipcmark::codec::{Graph, Value};
use ipcmark::electron::{Error, IpcRenderer};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a2_listeners_in_order_and_one_that_throws", main: listeners_main, page: send_page },
    Case { name: "a2_handlers_and_listeners_are_two_tables", main: tables_main, page: tables_page },
    Case { name: "a2_second_handler_handle_once_and_remove", main: once_main, page: once_page },
    Case { name: "a2_handler_errors", main: errors_main, page: errors_page },
    Case { name: "a2_answers_later_and_never", main: later_main, page: later_page },
    Case { name: "a2_send_sync_without_listeners", main: unheard_main, page: unheard_page },
    Case { name: "a2_return_value_first_counts_and_may_come_later", main: value_main, page: value_page },
    Case { name: "a2_error_channel_has_a_guard", main: guard_main, page: guard_page },
    Case { name: "s19_errors_carry_their_message_alone", main: errors_main, page: errors_page },
];

fn listeners_main(stage: &Stage) {
    let ipc = stage.app.ipc_main().clone();
    let note = stage.note();
    let first = {
        let note = note.clone();
        ipc.on("a", move |_, _| note("first"))
    };
    ipc.once("a", {
        let note = note.clone();
        move |_, _| note("once")
    });
    ipc.on("a", {
        let note = note.clone();
        move |_, _| -> Result<(), Value> {
            note("throws");
            Err(thrown("Error", "boom"))
        }
    });
    ipc.on("a", {
        let note = note.clone();
        move |_, _| note("never")
    });
    assert_eq!(
        (ipc.event_names(), ipc.listener_count("a")),
        (vec!["error".into(), "tell".into(), "a".into()], 4)
    );
    let mut sent = 0;
    let off = ipc.clone();
    ipc.on("b", move |_, _| {
        sent += 1;
        assert!(off.off("a", first) || sent > 1);
    });
    assert_eq!(stage.play(), ["first", "once", "throws", "throws"]);
    assert_eq!(stage.log(), ["Uncaught Exception:\nError: boom"; 2]);
    ipc.remove_all_listeners(Some("a"));
    assert_eq!(ipc.event_names(), ["error", "tell", "b"]);
}

fn send_page(ipc: IpcRenderer) {
    ["a", "b", "a"].iter().for_each(|channel| ipc.send(channel, ()).expect("sent"));
    ipc.close_window();
}

fn tables_main(stage: &Stage) {
    let ipc = stage.app.ipc_main();
    let note = stage.note();
    ipc.handle("handled", {
        let note = note.clone();
        move |_, _| {
            note("handler");
            Ok(().into())
        }
    })
    .expect("the first");
    ipc.on("listened", move |_, _| note("listener"));
    assert_eq!(
        stage.play(),
        ["Error invoking remote method 'listened': Error: No handler registered for 'listened'"]
    );
    assert_eq!(
        stage.log(),
        ["Error occurred in handler for 'listened': Error: No handler registered for 'listened'"]
    );
}

fn tables_page(ipc: IpcRenderer) {
    ipc.send("handled", ()).expect("sent");
    let error = ipc.invoke("listened", ()).wait().unwrap_err();
    ipc.send("tell", [error.to_string()]).expect("sent");
    ipc.close_window();
}

fn once_main(stage: &Stage) {
    let ipc = stage.app.ipc_main().clone();
    let again = ipc.clone();
    ipc.handle_once("once", move |_, _| {
        // It is away already: the channel is free.
        again.handle_once("once", |_, _| Ok("second".into())).expect("the only one");
        Err(thrown("Error", "first"))
    })
    .expect("the first");
    let error = ipc.handle("once", |_, _| Ok(().into())).unwrap_err();
    assert_eq!(error.to_string(), "Attempted to register a second handler for 'once'");
    ipc.handle("gone", |_, _| Ok(().into())).expect("the first");
    ipc.remove_handler("gone");
    ipc.remove_handler("gone");
    assert_eq!(
        stage.play(),
        [
            "Error invoking remote method 'once': Error: first",
            "second",
            "Error invoking remote method 'once': Error: No handler registered for 'once'",
            "Error invoking remote method 'gone': Error: No handler registered for 'gone'",
        ]
    );
}

/// Tells how some calls went.
fn tell_of(ipc: IpcRenderer, channels: &[&str]) {
    for channel in channels {
        let text =
            ipc.invoke(channel, ()).wait().map_or_else(|error| error.to_string(), |value| value.to_string());
        ipc.send("tell", [text]).expect("sent");
    }
    ipc.close_window();
}

fn once_page(ipc: IpcRenderer) {
    tell_of(ipc, &["once", "once", "once", "gone"]);
}

fn errors_main(stage: &Stage) {
    let ipc = stage.app.ipc_main();
    let mut graph = Graph::new();
    let error =
        graph.error("RangeError", Some("too far"), Some("RangeError: too far\n  at secret.js:1"), None);
    let with_stack = graph.finish(error);
    for (channel, value) in [
        ("error", with_stack),
        ("text", Value::from("a text")),
        ("object", Value::object([("a", 1)])),
        ("empty", Value::from("")),
        ("undefined", Value::UNDEFINED),
        ("null", Value::NULL),
    ] {
        ipc.handle(channel, move |_, _| Err(value.clone())).expect("the first");
    }
    ipc.handle("unclonable", |_, _| Ok(Value::function(|_| Ok(().into())))).expect("the first");
    assert_eq!(
        stage.play(),
        [
            "Error invoking remote method 'error': RangeError: too far",
            "Error invoking remote method 'text': a text",
            "Error invoking remote method 'object': [object Object]",
            "undefined",
            "Error invoking remote method 'undefined': reply was never sent",
            "Error invoking remote method 'null': reply was never sent",
            "Error invoking remote method 'unclonable': Error: An object could not be cloned.",
        ]
    );
}

fn errors_page(ipc: IpcRenderer) {
    tell_of(ipc, &["error", "text", "object", "empty", "undefined", "null", "unclonable"]);
}

fn later_main(stage: &Stage) {
    let ipc = stage.app.ipc_main();
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    ipc.handle_later("kept", move |_, _, reply| drop(keep.borrow_mut().replace(reply))).expect("the first");
    ipc.handle_later("never", |_, _, reply| drop(reply)).expect("the first");
    ipc.handle_once_later("thread", |_, args, reply| {
        std::thread::spawn(move || reply.resolve(&args.value(0)));
    })
    .expect("the first");
    ipc.on("now", move |_, _| {
        if let Some(reply) = kept.borrow_mut().take() {
            reply.answer(Ok("kept".into()));
        }
    });
    assert_eq!(stage.play(), ["Error invoking remote method 'never': reply was never sent", "5", "kept"]);
}

fn later_page(ipc: IpcRenderer) {
    let kept = ipc.invoke("kept", ());
    let never = ipc.invoke("never", ()).wait().unwrap_err();
    ipc.send("tell", [never.to_string()]).expect("sent");
    let five = ipc.invoke("thread", [5]).wait().expect("an answer");
    ipc.send("tell", [five.to_string()]).expect("sent");
    ipc.send("now", ()).expect("sent");
    ipc.send("tell", [kept.wait().expect("an answer")]).expect("sent");
    ipc.close_window();
}

fn unheard_main(stage: &Stage) {
    assert_eq!(stage.play(), ["reply was never sent"]);
    assert_eq!(
        stage.log(),
        ["WebContents #1 called ipcRenderer.sendSync() with 'nobody' channel without listeners."]
    );
}

fn unheard_page(ipc: IpcRenderer) {
    let answer = ipc.send_sync("nobody", ()).expect("a value");
    ipc.send("tell", [answer.get("error").expect("an error").to_value()]).expect("sent");
    ipc.close_window();
}

fn value_main(stage: &Stage) {
    let ipc = stage.app.ipc_main();
    ipc.on("twice", |event, _| {
        let unclonable = event.return_value(Value::function(|_| Ok(().into())));
        assert_eq!(unclonable, Err(Error::NotCloneable));
        event.return_value("first").expect("cloneable");
    });
    ipc.on("twice", |event, _| event.return_value("second").expect("nothing happens"));
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    ipc.on("later", move |event, _| drop(keep.borrow_mut().replace(event.clone())));
    let window = stage.open();
    stage.until("the question", || kept.borrow().is_some());
    assert_eq!(stage.told(), ["first"]);
    if let Some(event) = kept.borrow_mut().take() {
        event.return_value("later").expect("cloneable");
    }
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["first", "later"]);
}

fn value_page(ipc: IpcRenderer) {
    for channel in ["twice", "later"] {
        let answer = ipc.send_sync(channel, ()).expect("a value");
        ipc.send("tell", [answer]).expect("sent");
    }
    ipc.close_window();
}

fn guard_main(stage: &Stage) {
    let ipc = stage.app.ipc_main().clone();
    let (off, note) = (ipc.clone(), stage.note());
    ipc.on("off", move |_, _| {
        off.remove_all_listeners(None);
        note(&format!("{}", off.event_names().len()));
    });
    stage.open();
    stage.app.run();
    assert_eq!(
        (stage.told(), stage.log()),
        (
            vec!["0".to_owned()],
            vec!["Uncaught Exception:\nError: Unhandled error. ([object Object])".to_owned()],
        )
    );
}

fn guard_page(ipc: IpcRenderer) {
    // Harmless, until main has taken its guards away.
    ["error", "off", "error"].iter().for_each(|channel| ipc.send(channel, ()).expect("sent"));
    ipc.close_window();
}
