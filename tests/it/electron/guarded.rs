//! S3–S8 in an app: what a preload lets through, what a page has, what main refuses all the same, and the sandbox around both.

use super::{Case, Stage};
use ipcmark::codec::{Ref, Value};
use ipcmark::electron::policy::{Channels, Checks, Origins, Policy, Rules, Whitelist};
use ipcmark::electron::preload::raw_as_value;
use ipcmark::electron::schema::{Rule, Schema, Schemas};
use ipcmark::electron::{
    BrowserWindow, IpcRenderer, Page, PreloadWorld, Renderers, Scripts, WebPreferences, WindowOptions,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) const CASES: &[Case] = &[
    Case { name: "s3_s4_what_the_preload_refuses_reaches_no_link", main: refused_main, page: |_| () },
    Case { name: "s5_s6_the_page_has_no_event_and_removes_its_own_listener", main: heard_main, page: |_| () },
    Case { name: "s7_context_isolation_is_as_the_window_says", main: isolation_main, page: |_| () },
    Case { name: "s7_a_page_with_ipc_renderer_is_not_isolated", main: raw_main, page: |_| () },
    Case { name: "s8_s10_main_refuses_what_comes_without_a_preload", main: bypass_main, page: bypass_page },
    Case { name: "s1_main_refuses_a_page_of_another_origin", main: origin_main, page: origin_page },
    Case { name: "sandbox_confines_the_process_before_the_preload", main: sandbox_main, page: |_| () },
];

pub(super) fn scripts(scripts: Scripts) -> Scripts {
    scripts
        .window("refused", |preload| preload.guard("api", checks()).map(drop), refused_page)
        .window("heard", |preload| preload.guard("api", checks()).map(drop), heard_page)
        .window("isolation", isolation_preload, isolation_page)
        .window("sandbox", sandbox_preload, |page| {
            page.call("tell", [page.global("opened").cloned().unwrap_or_default()]).expect("sent");
            page.close();
        })
}

fn checks() -> Checks {
    let number = || Schema::arguments([Rule::integer(0, 10)]).expect("a schema");
    let text = || Schema::arguments([Rule::text(0, 200)]).expect("a schema");
    let none = || Schema::arguments([]).expect("a schema");
    let rules = Rules {
        whitelist: Whitelist {
            send: Channels::new(["tell", "say"]),
            invoke: Channels::new(["ask"]),
            receive: Channels::new(["news"]),
        },
        origins: Origins::new(["app://index"]).expect("an origin").in_main_frames(),
        schemas: Schemas::new([("tell", text()), ("say", number()), ("ask", number()), ("post", none())]),
    };
    Checks::new(Policy::ValidateBoth, rules)
}

/// Dispatches until the page has closed the window.
fn ended(stage: &Stage, window: &BrowserWindow) -> Vec<String> {
    stage.until("the window's end", || {
        let crashed = window.web_contents().is_ok_and(|contents| contents.is_crashed());
        assert!(!crashed, "the page failed; told: {:?}, log: {:?}", stage.told(), stage.log());
        window.is_destroyed()
    });
    stage.told()
}

fn tell(page: &Page, text: &str) {
    page.call("api.send", ["tell", text]).expect("sent");
}

fn refused_main(stage: &Stage) {
    // Main checks nothing here: whatever the preload let through would be heard.
    let heard = stage.note();
    stage.app.ipc_main().handle("ask", |_, args| Ok(args.value(0))).expect("the first");
    let window = stage.open_as(WindowOptions::new("refused"));
    window.web_contents().expect("a window").on_ipc_message(move |_, channel, _| heard(channel));
    let expected = [
        "tell",
        "Channel 'ask' is not allowed for send",
        "tell",
        "Channel 'say' is not allowed for invoke",
        "tell",
        "Channel 'sa' is not allowed for send",
        "tell",
        "Channel 'say' is not allowed for receive",
        "tell",
        "Invalid arguments for channel 'say': argument 0: expected a whole number from 0 to 10",
        "say",
        "tell",
        "answer 7",
    ];
    assert_eq!(ended(stage, &window), expected);
    assert!(stage.log().is_empty());
}

fn refused_page(page: &Page) {
    let listener = || Value::function(|_| Ok(Value::UNDEFINED));
    for (function, channel, argument) in [
        ("api.send", "ask", Value::from(1)),
        ("api.invoke", "say", 1.into()),
        ("api.send", "sa", 1.into()),
        ("api.on", "say", listener()),
        ("api.send", "say", 11.into()),
    ] {
        let thrown = page.call(function, (channel, argument)).expect_err("refused");
        tell(page, &thrown.as_error().and_then(|error| error.message()).unwrap_or_default());
    }
    page.call("api.send", (Value::from("say"), 10)).expect("sent");
    let answer = page.call("api.invoke", (Value::from("ask"), 7)).expect("an answer");
    tell(page, &format!("answer {answer}"));
    page.close();
}

fn heard_main(stage: &Stage) {
    stage.app.ipc_main().on("say", |event, args| event.reply("news", (args.value(0), "more")).map(drop));
    stage.app.ipc_main().handle("ask", |_, _| Ok(().into())).expect("the first");
    let window = stage.open_as(WindowOptions::new("heard"));
    assert_eq!(ended(stage, &window), ["first 1,more", "second 1,more", "second 2,more"]);
}

fn heard_page(page: &Page) {
    assert!(page.global("ipcRenderer").is_none() && page.global("api").is_some_and(Value::is_frozen));
    let missing = page.call("api.removeAllListeners", ()).expect_err("there is none").to_string();
    assert_eq!(missing, "TypeError: api.removeAllListeners is not a function");
    let count = Arc::new(AtomicU32::new(0));
    let listen = |name: &'static str| {
        let send =
            page.global("api").and_then(|api| api.get("send")?.as_function().cloned()).expect("api.send");
        let count = Arc::clone(&count);
        let listener = Value::function(move |args| {
            count.fetch_add(1, Ordering::Relaxed);
            send.call(vec!["tell".into(), format!("{name} {}", Value::array(args)).into()])
        });
        page.call("api.on", (Value::from("news"), listener)).expect("a way to unsubscribe")
    };
    let (first, _second) = (listen("first"), listen("second"));
    page.call("api.send", (Value::from("say"), 1)).expect("sent");
    assert!(page.run_until(|| count.load(Ordering::Relaxed) == 2));
    for _ in 0..2 {
        first.as_function().expect("a function").call(Vec::new()).expect("no harm");
    }
    page.call("api.send", (Value::from("say"), 2)).expect("sent");
    // The answer comes behind the news.
    page.call("api.invoke", (Value::from("ask"), 1)).expect("an answer");
    page.close();
}

fn isolation_main(stage: &Stage) {
    let at = |context_isolation| WindowOptions {
        preferences: WebPreferences { context_isolation, ..WebPreferences::default() },
        ..WindowOptions::new("isolation")
    };
    let told = ended(stage, &stage.open_as(at(true)));
    assert_eq!(told, ["exposed; frozen: true; ipcRenderer: {}"]);
    let other = stage.anew(Checks::default());
    let told = ended(&other, &other.open_as(at(false)));
    assert_eq!(
        told,
        [
            "contextBridge API can only be used when contextIsolation is enabled; frozen: false; ipcRenderer: none"
        ]
    );
}

/// A function that tells main.
fn teller(ipc: IpcRenderer) -> Value {
    Value::function(move |args| Ok(ipc.send("tell", args)?.into()))
}

fn isolation_preload(world: &mut PreloadWorld) -> Result<(), ipcmark::electron::bridge::BridgeError> {
    let isolated = world.preferences().context_isolation;
    // A preload that exposes ipcRenderer itself.
    let exposed = world.expose_in_main_world("ipcRenderer", raw_as_value());
    assert_eq!(exposed.is_ok(), isolated);
    let how = exposed.map_or_else(|error| error.to_string(), |()| "exposed".to_owned());
    world.give("api", Value::object([("tell", teller(world.ipc_renderer())), ("how", how.into())]))
}

fn isolation_page(page: &Page) {
    let api = page.global("api").expect("what the preload gave");
    let how = api.get("how").and_then(Ref::as_str).expect("a text");
    let ipc = match page.global("ipcRenderer") {
        Some(object) if object.is_empty() => "{}",
        Some(_) => "something",
        None => "none",
    };
    let text = format!("{how}; frozen: {}; ipcRenderer: {ipc}", api.is_frozen());
    page.call("api.tell", [text]).expect("sent");
    page.close();
}

fn raw_main(stage: &Stage) {
    let isolated = WindowOptions { preferences: WebPreferences::default(), ..stage.options() };
    let refused = stage.app.open(isolated).expect_err("the page would get ipcRenderer").to_string();
    assert!(refused.contains("contextIsolation"), "{refused}");
    assert!(stage.app.windows().is_empty());
}

/// Main checks what comes from a page that has `ipcRenderer` itself, as whoever has taken over a renderer does.
fn bypass_main(plain: &Stage) {
    let stage = plain.anew(checks());
    let note = stage.note();
    stage.app.ipc_main().handle("ask", |_, args| Ok(args.value(0))).expect("the first");
    for channel in ["ask", "say", "quit", "post"] {
        let note = note.clone();
        stage.app.ipc_main().on(channel, move |_, args| note(&format!("{channel} {}", args.array())));
    }
    let window = stage.open();
    assert_eq!(
        ended(&stage, &window),
        [
            "Error invoking remote method 'ask': TypeError: Invalid arguments for channel 'ask': argument 0: expected a whole number from 0 to 10",
            "Error invoking remote method 'quit': Error: Channel 'quit' has no schema",
            "TypeError: Invalid arguments for channel 'say': argument 0: expected a whole number from 0 to 10",
            "the port is closed",
            "say 3",
            "answer 4",
        ]
    );
    let refusals = [
        "Invalid arguments for channel 'ask': argument 0: expected a whole number from 0 to 10",
        "Channel 'quit' has no schema",
        "Invalid arguments for channel 'say': argument 0: expected a whole number from 0 to 10",
        "Channel 'quit' has no schema",
        "Invalid arguments for channel 'post': expected 0 to 0 arguments",
    ];
    let refusals = refusals.map(|refusal| format!("Refused a message of WebContents #1: {refusal}"));
    assert_eq!(stage.log(), refusals);
}

fn bypass_page(ipc: IpcRenderer) {
    let tell = move |text: String| ipc.send("tell", [text]).expect("sent");
    tell(ipc.invoke("ask", [11]).wait().expect_err("refused").to_string());
    tell(ipc.invoke("quit", [1]).wait().expect_err("refused").to_string());
    let answer = ipc.send_sync("say", ["three"]).expect("a value");
    tell(answer.get("error").and_then(Ref::as_str).expect("a refusal").to_owned());
    ipc.send("quit", ()).expect("sent");
    let channel = ipc.message_channel().expect("a page");
    let closed = Arc::new(AtomicU32::new(0));
    let close = Arc::clone(&closed);
    channel.port1.on_close(move || close.store(1, Ordering::Relaxed));
    channel.port1.start();
    ipc.post_message("post", 1, &[channel.port2]).expect("sent");
    assert!(ipc.run_until(|| closed.load(Ordering::Relaxed) == 1));
    tell("the port is closed".to_owned());
    ipc.send("say", [3]).expect("sent");
    tell(format!("answer {}", ipc.invoke("ask", [4]).wait().expect("an answer")));
    ipc.close_window();
}

fn origin_main(plain: &Stage) {
    let stage = plain.anew(checks());
    stage.app.ipc_main().handle("ask", |_, args| Ok(args.value(0))).expect("the first");
    stage.app.on_window_all_closed(|| ()); // or the app would quit
    for url in ["app://index/page", "app://index.evil/", "data:text/html,"] {
        let window = stage.open_as(WindowOptions { url: url.to_owned(), ..stage.options() });
        // Of the others nothing is heard, not even how they fared.
        assert_eq!(ended(&stage, &window), ["5"], "{url}");
    }
    let refused = |window, channel| {
        format!(
            "Refused a message of WebContents #{window}: Sender is not allowed to use channel '{channel}'"
        )
    };
    assert_eq!(stage.log(), [refused(2, "ask"), refused(2, "tell"), refused(3, "ask"), refused(3, "tell")]);
}

fn origin_page(ipc: IpcRenderer) {
    let answer = ipc.invoke("ask", [5]).wait();
    ipc.send("tell", [answer.map_or_else(|error| error.to_string(), |value| value.to_string())])
        .expect("sent");
    ipc.close_window();
}

fn sandbox_preload(world: &mut PreloadWorld) -> Result<(), ipcmark::electron::bridge::BridgeError> {
    let opened = std::fs::File::open("/dev/null").is_ok();
    world.give("opened", format!("sandbox {}: {opened}", world.preferences().sandbox).into())?;
    world.give("tell", teller(world.ipc_renderer()))
}

fn sandbox_main(stage: &Stage) {
    stage.app.on_window_all_closed(|| ()); // or the app would quit
    for sandbox in [true, false] {
        let preferences = WebPreferences { sandbox, ..WebPreferences::default() };
        ended(stage, &stage.open_as(WindowOptions { preferences, ..WindowOptions::new("sandbox") }));
    }
    // A thread is not confined: its process is main's.
    let confined = stage.renderers == Renderers::Processes;
    assert_eq!(stage.told(), [format!("sandbox true: {}", !confined), "sandbox false: true".to_owned()]);
}
