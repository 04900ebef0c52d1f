//! A renderer by hand: main is as ever, and the other end of the link is the test's, which writes what it likes and reads what main
//! answers, word for word.

use crate::codec::Value;
use crate::electron::app::Owner;
use crate::electron::body::{Body, Connection};
use crate::electron::hub::listen;
use crate::electron::link::{AnyRx, AnyTx};
use crate::electron::policy::{Checks, Origins, Policy, Rules};
use crate::electron::post::LinkId;
use crate::electron::schema::{Rule, Schema, Schemas};
use crate::electron::wire::{self, Header, Kind};
use crate::electron::{App, BrowserWindow, Options, Renderers, Scripts, WebContents, WindowOptions};
use crate::sys::control::Control;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TRANSPORTS: [&str; 4] = ["std-mpsc", "shm", "pipe", "uds-stream"];

struct Stage {
    app: App,
    contents: WebContents,
    tx: Box<dyn AnyTx>,
    rx: Box<dyn AnyRx>,
    logged: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    fn new(transport: &str, checks: Checks) -> Stage {
        let logged = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&logged);
        let log = Arc::new(move |line: &str| log.lock().expect("the log").push(line.to_owned()));
        let options = Options { renderers: Renderers::Threads, checks, log, ..Options::new(transport) };
        let app = App::new(&Scripts::new(), options).expect("an app");
        app.on_window_all_closed(|| ()); // or it would quit
        let main = &app.0;
        let (accept, mut letters) = main.door.bind(&main.wiring.spec(1)).expect("a hub");
        let (wiring, letter) = (main.wiring.clone(), letters.remove(0));
        let connect = move || wiring.door().and_then(|door| door.connect(letter)).expect("a link");
        let renderer = std::thread::spawn(connect);
        let (control, _) = Control::pair().expect("a pair");
        let link = LinkId { hub: main.next_hub.replace(main.next_hub.get() + 1), peer: 0 };
        let hub = accept().expect("a renderer");
        let controls = vec![control.try_clone().expect("a descriptor")];
        let out = listen(link.hub, hub, main.wiring.max_frame, controls, &main.queue, main.log.clone());
        let out = out.expect("three threads");
        let connection = Connection { out, link, control, body: Body::Thread(None) };
        let contents = WebContents::new(1, Rc::downgrade(main), WindowOptions::new("by hand"), connection);
        main.links.borrow_mut().insert(link, Owner::Window(contents.clone()));
        main.windows.borrow_mut().insert(1, contents.clone());
        let (tx, rx) = renderer.join().expect("a link");
        Stage { app, contents, tx, rx, logged }
    }

    fn write(&mut self, kind: Kind, context: u16, channel: &str, call: u64, body: &Value) {
        let mut frame = Vec::new();
        let header = Header { kind, frame: 0, context, channel, call };
        wire::write(&mut frame, header, &[], body).expect("cloneable");
        self.tx.send(&frame).expect("a link");
    }

    /// Says goodbye, lets main hear everything up to that, and answers what main wrote: kind, call and body of each frame, to the last
    /// close of so many.
    fn play(mut self, closes: usize) -> Vec<(Kind, u64, String)> {
        self.write(Kind::Bye, 0, "", 0, &Value::UNDEFINED);
        let mut rx = self.rx;
        let reader = std::thread::spawn(move || {
            let mut frames: Vec<(Kind, u64, String)> = Vec::new();
            while frames.iter().filter(|(kind, ..)| *kind == Kind::Close).count() < closes {
                let take = &mut |bytes: &[u8]| {
                    let frame = wire::read(bytes).expect("main's frame");
                    let body = wire::value(frame.body).expect("a value");
                    frames.push((frame.header.kind, frame.header.call, body.to_string()));
                };
                rx.recv(take).expect("a frame");
            }
            frames
        });
        let main = &self.app.0;
        let gone = || main.links.borrow().is_empty();
        assert!(self.app.run_until(Duration::from_secs(20), gone), "log: {:?}", self.logged);
        reader.join().expect("all frames")
    }
}

#[test]
fn a2_what_comes_from_a_destroyed_window_is_answered_with_that() {
    for transport in TRANSPORTS {
        let mut stage = Stage::new(transport, Checks::default());
        let window = BrowserWindow(stage.contents.clone());
        stage.contents.ipc().on("destroy", move |_, _| window.destroy());
        let heard = Rc::new(Cell::new(0));
        let hear = Rc::clone(&heard);
        stage.app.ipc_main().on("a", move |_, _| hear.set(hear.get() + 1));
        let hear = Rc::clone(&heard);
        let handler = move |_: &_, _| {
            hear.set(hear.get() + 1);
            Ok(().into())
        };
        stage.app.ipc_main().handle("a", handler).expect("the first");
        let none = Value::array::<Value>([]);
        stage.write(Kind::Send, 0, "destroy", 0, &none);
        stage.write(Kind::Send, 0, "a", 0, &none);
        stage.write(Kind::Invoke, 0, "a", 1, &none);
        stage.write(Kind::Sync, 0, "a", 2, &none);
        let text = "WebContents was destroyed".to_owned();
        let undefined = "undefined".to_owned();
        let expected = [
            (Kind::Close, 0, undefined.clone()),
            (Kind::ReplyError, 1, text.clone()),
            (Kind::ReplyError, 2, text),
            (Kind::Close, 0, undefined),
        ];
        assert_eq!(stage.play(2), expected, "{transport}");
        assert_eq!(heard.get(), 0, "{transport}");
    }
}

fn checks() -> Checks {
    let volume = Schema::arguments([Rule::integer(0, 10)]).expect("a schema");
    let origins = Origins::new(["app://index"]).expect("an origin").in_main_frames();
    let rules = Rules { origins, schemas: Schemas::new([("volume", volume)]), ..Rules::default() };
    Checks::new(Policy::ValidateMain, rules)
}

/// It could keep main from everything else, if main wrote to it by itself.
#[test]
fn s17_a_renderer_that_reads_nothing_holds_nobody_up() {
    for transport in TRANSPORTS {
        let mut stage = Stage::new(transport, Checks::default());
        let more_than_any_link_holds = Value::bytes(vec![0; 1 << 20]);
        for _ in 0..40 {
            stage.contents.send("flood", [more_than_any_link_holds.clone()]).expect("a queue");
        }
        stage.tx.send(b"no frame").expect("a link");
        let main = &stage.app.0;
        let gone = || main.links.borrow().is_empty();
        assert!(stage.app.run_until(Duration::from_secs(20), gone), "{transport}");
        let logged = stage.logged.lock().expect("the log");
        assert!(logged.iter().any(|line| line.contains("bad IPC message")), "{transport}: {logged:?}");
    }
}

#[test]
fn s8_s10_frames_without_a_preload_are_refused_and_the_link_stays() {
    for transport in TRANSPORTS {
        let mut stage = Stage::new(transport, checks());
        stage.app.ipc_main().handle("volume", |_, args| Ok(args.value(0))).expect("the first");
        stage.app.ipc_main().on("volume", |event, args| event.return_value(args.value(0)));
        let one = |value: i32| Value::array([value]);
        stage.write(Kind::Invoke, 0, "volume", 1, &one(11));
        stage.write(Kind::Invoke, 0, "quit", 2, &one(1));
        stage.write(Kind::Sync, 0, "volume", 3, &Value::array(["loud"]));
        stage.write(Kind::Send, 0, "volume", 0, &one(-1));
        stage.write(Kind::Host, 0, "volume", 0, &one(-1));
        stage.write(Kind::Post, 0, "volume", 0, &(-1).into());
        stage.write(Kind::Sync, 0, "volume", 4, &one(4));
        stage.write(Kind::Invoke, 0, "volume", 5, &one(5));
        let range = "argument 0: expected a whole number from 0 to 10";
        let refusal = format!("TypeError: Invalid arguments for channel 'volume': {range}");
        let expected = [
            (Kind::ReplyError, 1, refusal.clone()),
            (Kind::ReplyError, 2, "Error: Channel 'quit' has no schema".to_owned()),
            (Kind::ReplyError, 3, refusal),
            (Kind::Reply, 4, "4".to_owned()),
            (Kind::Reply, 5, "5".to_owned()),
            (Kind::Close, 0, "undefined".to_owned()),
        ];
        let logged = Arc::clone(&stage.logged);
        assert_eq!(stage.play(1), expected, "{transport}");
        assert_eq!(logged.lock().expect("the log").len(), 6, "{transport}: one line for each");
    }
}

/// The URL is the one of the page that spoke: what an evil page says is not excused by where main has sent its frame since.
#[test]
fn s1_s2_the_page_before_does_not_speak_for_the_next_one() {
    let mut stage = Stage::new("pipe", checks());
    stage.app.ipc_main().handle("volume", |_, args| Ok(args.value(0))).expect("the first");
    stage.contents.load_url("app://evil/").expect("a window");
    stage.contents.load_url("app://index/").expect("a window");
    for context in 0..4 {
        stage.write(Kind::Invoke, context, "volume", context.into(), &Value::array([1]));
    }
    let refusal = || "Error: Sender is not allowed to use channel 'volume'".to_owned();
    let frames = stage.play(1);
    let answers: Vec<_> = frames.into_iter().filter(|(kind, ..)| *kind != Kind::Navigate).collect();
    let expected = [
        (Kind::ReplyError, 0, refusal()),
        (Kind::ReplyError, 1, refusal()),
        (Kind::Reply, 2, "1".to_owned()),
        (Kind::ReplyError, 3, refusal()),
        (Kind::Close, 0, "undefined".to_owned()),
    ];
    assert_eq!(answers, expected);
}
