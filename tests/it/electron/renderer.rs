//! A.1: what renderers call, and what it brings or refuses.

use super::Case;
use ipcmark::codec::{Graph, Value, v8};
use ipcmark::electron::{Args, Error, IpcRenderer};

pub(super) const CASES: &[Case] = &[
    Case { name: "a1_send_keeps_what_arguments_share", main: shared_main, page: shared_page },
    Case {
        name: "a1_send_unclonable_sends_nothing_and_leaves_the_stream_usable",
        main: unclonable_main,
        page: unclonable_page,
    },
    Case { name: "a1_invoke_resolves_and_rejects", main: invoke_main, page: invoke_page },
    Case { name: "a1_invoke_continues_in_its_turn", main: invoke_main, page: then_page },
    Case { name: "a1_send_sync_returns_and_dispatches_nothing", main: sync_main, page: sync_page },
    Case { name: "a1_post_message_is_one_value", main: post_main, page: post_page },
    Case { name: "a1_send_to_host_is_for_the_embedder_alone", main: host_main, page: host_page },
    Case { name: "a1_listeners", main: listeners_main, page: listeners_page },
    Case { name: "a1_released_context", main: released_main, page: released_page },
    Case { name: "a7_what_structured_clone_carries_comes_back", main: echo_main, page: echo_page },
    Case { name: "a1_too_long_leaves_the_stream_usable", main: unclonable_main, page: too_long_page },
];

fn function() -> Value {
    Value::function(|_| Ok(Value::UNDEFINED))
}

fn shared_main(stage: &super::Stage) {
    let note = stage.note();
    stage.app.ipc_main().on("shared", move |_, args| {
        let same = args.get(0).get("self").is_some_and(|inner| inner.is_same_object(args.get(0)));
        note(&format!("{} {same} {}", args.len(), args.get(0).is_same_object(args.get(1))));
    });
    assert_eq!(stage.play(), ["3 true true"]);
}

fn shared_page(ipc: IpcRenderer) {
    let mut graph = Graph::new();
    let (array, object, three) = (graph.array(), graph.object(), graph.value(3));
    graph.set(object, "self", object);
    for node in [object, object, three] {
        graph.push(array, node);
    }
    ipc.send("shared", Args::from_array(graph.finish(array)).expect("an array")).expect("sent");
    ipc.close_window();
}

fn unclonable_main(stage: &super::Stage) {
    let note = stage.note();
    stage.app.ipc_main().on("heard", move |_, args| note(args.text(0).expect("a text")));
    assert_eq!(stage.play(), ["after"]);
}

fn unclonable_page(ipc: IpcRenderer) {
    let text = |error: Error| format!("{}: {error}", error.class());
    let refused = "Error: An object could not be cloned.";
    assert_eq!(text(ipc.send("heard", [function()]).unwrap_err()), refused);
    assert_eq!(text(ipc.send_sync("heard", [function()]).unwrap_err()), refused);
    assert_eq!(text(ipc.post_message("heard", function(), &[]).unwrap_err()), refused);
    assert_eq!(text(ipc.send_to_host("heard", [function()]).unwrap_err()), refused);
    // A rejection without the words of one that main gives.
    assert_eq!(text(ipc.invoke("heard", [function()]).wait().unwrap_err()), refused);
    ipc.send("heard", ["after"]).expect("sent");
    ipc.close_window();
}

fn too_long_page(ipc: IpcRenderer) {
    let long = Value::bytes(vec![0; 300 << 10]);
    assert!(matches!(ipc.send("heard", [long]), Err(Error::TooLong(_))));
    ipc.send("heard", ["after"]).expect("sent");
    ipc.close_window();
}

fn invoke_main(stage: &super::Stage) {
    let ipc = stage.app.ipc_main();
    ipc.handle("double", |_, args| Ok((args.number(0).unwrap_or(0.0) * 2.0).into())).expect("the first");
    ipc.handle("fail", |_, _| Err(Value::error("TypeError", "no such thing"))).expect("the first");
    assert_eq!(stage.play(), ["done"]);
}

fn invoke_page(ipc: IpcRenderer) {
    assert_eq!(ipc.invoke("double", [21]).wait(), Ok(Value::from(42)));
    let error = ipc.invoke("fail", ()).wait().unwrap_err();
    assert_eq!(error.to_string(), "Error invoking remote method 'fail': TypeError: no such thing");
    ipc.send("tell", ["done"]).expect("sent");
    ipc.close_window();
}

fn then_page(ipc: IpcRenderer) {
    drop(ipc.invoke("double", [1])); // nobody wants to know
    ipc.invoke("double", [2]).then(move |answer| {
        assert_eq!(answer, Ok(Value::from(4)));
        // Within a turn: what else comes waits.
        assert_eq!(ipc.invoke("double", [3]).wait(), Ok(Value::from(6)));
        ipc.send("tell", ["done"]).expect("sent");
        ipc.close_window();
    });
}

fn sync_main(stage: &super::Stage) {
    let ipc = stage.app.ipc_main();
    ipc.on("ask", |event, args| {
        event.sender().send("meanwhile", ["before"]).expect("a window");
        event.return_value(args.value(0)).expect("cloneable");
    });
    assert_eq!(stage.play(), ["answered", "before"]);
}

fn sync_page(ipc: IpcRenderer) {
    ipc.on("meanwhile", move |_, args| {
        ipc.send("tell", [args.value(0)]).expect("sent");
        ipc.close_window();
    })
    .expect("a page");
    // What main sends before it answers is dispatched after.
    assert_eq!(ipc.send_sync("ask", ["x"]), Ok(Value::from("x")));
    ipc.send("tell", ["answered"]).expect("sent");
}

fn post_main(stage: &super::Stage) {
    let note = stage.note();
    stage.app.ipc_main().on("post", move |event, args| {
        let reply = event.reply("x", ()).unwrap_err();
        note(&format!("{} {} {} {reply}", args.len(), args.get(0), event.ports().len()));
    });
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    let note = stage.note();
    contents.on_ipc_message(move |_, channel, _| note(&format!("ipc-message {channel}")));
    // No `ipc-message` for what is posted, and no `event.reply`.
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["1 1,2 0 event.reply is not a function"]);
}

fn post_page(ipc: IpcRenderer) {
    ipc.post_message("post", Value::array([1, 2]), &[]).expect("sent");
    ipc.close_window();
}

fn host_main(stage: &super::Stage) {
    let note = stage.note();
    stage.app.ipc_main().on("host", move |_, _| note("ipcMain"));
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    let note = stage.note();
    contents.on_message_to_host(move |channel, args| note(&format!("{channel} {}", args.get(0))));
    contents.send("go", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["host 7"]);
}

fn host_page(ipc: IpcRenderer) {
    let go = move |_: &_, _: &Args| {
        ipc.send_to_host("host", [7]).expect("sent");
        ipc.close_window();
    };
    ipc.on("go", go).expect("a page");
}

fn listeners_main(stage: &super::Stage) {
    let window = stage.open();
    stage.until_told(1);
    let contents = window.web_contents().expect("a window").clone();
    for channel in ["unheard", "error", "a", "a", "last"] {
        contents.send(channel, ()).expect("a window");
    }
    stage.until("the end", || window.is_destroyed());
    // An `error` that nobody listens for is thrown in the renderer, which goes on.
    assert_eq!(stage.told(), ["0 a,last", "on 1", "once", "on 2", "a,last"]);
}

fn listeners_page(ipc: IpcRenderer) {
    let fresh = ipc.event_names().len();
    let mut count = 0;
    let tell = move |text: String| ipc.send("tell", [text]).expect("sent");
    ipc.on("a", move |event, _| {
        assert_eq!((event.sender, event.ports.len()), (ipc, 0));
        count += 1;
        tell(format!("on {count}"));
    })
    .expect("a page");
    ipc.once("a", move |_, _| tell("once".to_owned())).expect("a page");
    let removed = ipc.on("a", move |_, _| tell("removed".to_owned())).expect("a page");
    assert!(ipc.off("a", removed) && !ipc.off("a", removed));
    let last = move |_: &_, _: &Args| {
        tell(ipc.event_names().join(","));
        ipc.remove_all_listeners(None);
        assert!(ipc.event_names().is_empty());
        ipc.close_window();
    };
    ipc.on("last", last).expect("a page");
    tell(format!("{fresh} {}", ipc.event_names().join(",")));
}

fn released_main(stage: &super::Stage) {
    let window = stage
        .open_as(ipcmark::electron::WindowOptions { frames: vec!["app://inner".into()], ..stage.options() });
    stage.until("the end", || window.is_destroyed());
    assert_eq!(stage.told(), ["released"]);
}

fn released_page(ipc: IpcRenderer) {
    let inner = ipc.frame(1).expect("a frame");
    inner.remove_frame().expect("removed");
    let text = "IPC method called after context was released";
    assert_eq!(inner.send("a", ()).unwrap_err().to_string(), text);
    assert_eq!(inner.send_sync("a", ()).unwrap_err().to_string(), text);
    assert_eq!(inner.invoke("a", ()).wait().unwrap_err().to_string(), text);
    assert_eq!(inner.post_message("a", 1, &[]).unwrap_err().to_string(), text);
    assert_eq!(inner.send_to_host("a", ()).unwrap_err().to_string(), text);
    // As on a thread that has no frame.
    let elsewhere = std::thread::spawn(move || ipc.send("a", ()).unwrap_err().to_string());
    assert_eq!(elsewhere.join().expect("the thread"), text);
    ipc.send("tell", ["released"]).expect("sent");
    ipc.close_window();
}

/// As V8 wrote them (`tests/vectors/v8`).
const VECTORS: [&[u8]; 7] = [
    include_bytes!("../../vectors/v8/combo-everything.bin"),
    include_bytes!("../../vectors/v8/combo-graph.bin"),
    include_bytes!("../../vectors/v8/array-undefined-vs-hole.bin"),
    include_bytes!("../../vectors/v8/string-lone-high.bin"),
    include_bytes!("../../vectors/v8/wrap-string.bin"),
    include_bytes!("../../vectors/v8/map-nested.bin"),
    include_bytes!("../../vectors/v8/error-custom-name.bin"),
];

fn echo_main(stage: &super::Stage) {
    stage.app.ipc_main().handle("echo", |_, args| Ok(args.value(0))).expect("the first");
    stage.app.ipc_main().on("echo", |event, args| event.return_value(args.value(0)));
    assert_eq!(stage.play(), ["done"]);
}

fn echo_page(ipc: IpcRenderer) {
    for bytes in VECTORS {
        let value = v8::decode(bytes).expect("a message").value;
        assert_eq!(ipc.invoke("echo", [value.clone()]).wait(), Ok(value.clone()));
        assert_eq!(ipc.send_sync("echo", [value.clone()]), Ok(value));
    }
    for number in [f64::NAN, -0.0, f64::INFINITY] {
        let back = ipc.send_sync("echo", [number]).expect("a value").as_f64().expect("a number");
        assert_eq!(back.to_bits(), number.to_bits());
    }
    ipc.send("tell", ["done"]).expect("sent");
    ipc.close_window();
}
