use super::*;
use crate::codec::Ref;
use crate::electron::bridge::Isolation;
use crate::electron::policy::{Channels, Policy, Rules, Whitelist};
use std::sync::Mutex;

/// A raw way that writes down what reaches it.
#[derive(Default)]
struct Wire {
    frames: Mutex<Vec<(String, Vec<Value>)>>,
    listeners: Mutex<Vec<(String, Function)>>,
}

impl Wire {
    fn emit(&self, channel: &str, arguments: &[Value]) {
        let event = Value::object([("sender", "the raw way")]);
        let listeners = self.listeners.lock().expect("listeners").clone();
        for (_, listener) in listeners.iter().filter(|(name, _)| name == channel) {
            let arguments = std::iter::once(event.clone()).chain(arguments.iter().cloned());
            listener.call(arguments.collect()).expect("a listener that returns");
        }
    }

    fn frames(&self) -> usize {
        self.frames.lock().expect("frames").len()
    }
}

impl RawIpc for Arc<Wire> {
    fn send(&self, channel: &str, arguments: Vec<Value>) -> Result<(), Value> {
        self.frames.lock().expect("frames").push((channel.to_owned(), arguments));
        Ok(())
    }

    fn invoke(&self, channel: &str, arguments: Vec<Value>) -> Result<Value, Value> {
        self.send(channel, arguments.clone())?;
        Ok(Value::array(arguments))
    }

    fn on(&self, channel: &str, listener: Function) {
        self.listeners.lock().expect("listeners").push((channel.to_owned(), listener));
    }

    fn off(&self, channel: &str, listener: &Function) {
        let mut listeners = self.listeners.lock().expect("listeners");
        let found = listeners.iter().position(|(name, one)| name == channel && one == listener);
        found.map(|at| listeners.remove(at));
    }
}

fn preload() -> (Arc<Wire>, Preload<Arc<Wire>>, ContextBridge) {
    let whitelist = Whitelist {
        send: Channels::new(["log"]),
        invoke: Channels::new(["ask"]),
        receive: Channels::new(["news"]),
    };
    let checks = Checks::new(Policy::Whitelist, Rules { whitelist, ..Rules::default() });
    let wire = Arc::new(Wire::default());
    let preload = Preload::new(Arc::clone(&wire), Arc::new(checks));
    let mut bridge = ContextBridge::new(Isolation::Bridge);
    preload.expose(&mut bridge, "api").expect("exposed");
    (wire, preload, bridge)
}

/// What a page can do: call what it was given.
fn call(bridge: &ContextBridge, name: &str, arguments: Vec<Value>) -> Result<Value, Value> {
    let api = bridge.main_world("api").expect("the API");
    api.get(name).and_then(Ref::as_function).expect("a function").call(arguments)
}

#[test]
fn s3_a_refused_channel_reaches_no_wire() {
    let (wire, preload, bridge) = preload();
    for (name, channel) in [("send", "ask"), ("invoke", "log"), ("send", "lo"), ("invoke", "asks")] {
        let thrown = call(&bridge, name, vec![channel.into(), 1.into()]).expect_err("refused");
        assert_eq!(thrown.to_string(), format!("Error: Channel '{channel}' is not allowed for {name}"));
    }
    let listener = Value::function(|_| Ok(Value::UNDEFINED));
    assert!(call(&bridge, "on", vec!["log".into(), listener]).is_err());
    assert_eq!((wire.frames(), preload.refused()), (0, 5));
    assert!(wire.listeners.lock().expect("listeners").is_empty());
    assert_eq!(call(&bridge, "send", vec!["log".into(), 1.into()]), Ok(Value::UNDEFINED));
    assert_eq!(call(&bridge, "invoke", vec!["ask".into(), 2.into()]), Ok(Value::array([2])));
    assert_eq!((wire.frames(), preload.refused()), (2, 5));
}

#[test]
fn s5_the_page_sees_the_exposed_object_and_never_the_event() {
    let (wire, _, mut bridge) = preload();
    let api = bridge.main_world("api").expect("the API");
    let names: Vec<_> = api.root().props().map(|(name, _)| name.to_text().into_owned()).collect();
    assert_eq!(names, ["send", "invoke", "on"]);
    assert!(api.is_frozen());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let callback = Value::function(move |arguments| {
        log.lock().expect("the log").push(arguments);
        Ok(Value::UNDEFINED)
    });
    call(&bridge, "on", vec!["news".into(), callback]).expect("a subscription");
    wire.emit("news", &[1.into(), "two".into()]);
    assert_eq!(*heard.lock().expect("the log"), [vec![Value::from(1), "two".into()]]);
    bridge.expose_in_main_world("ipcRenderer", raw_as_value()).expect("exposed");
    assert!(bridge.main_world("ipcRenderer").is_some_and(Value::is_empty));
}

#[test]
fn s6_unsubscribing_removes_its_own_listener_and_no_other() {
    let (wire, _, bridge) = preload();
    let heard = Arc::new(AtomicU64::new(0));
    let subscribe = |weight| {
        let heard = Arc::clone(&heard);
        let callback = Value::function(move |_| {
            heard.fetch_add(weight, Ordering::Relaxed);
            Ok(Value::UNDEFINED)
        });
        call(&bridge, "on", vec!["news".into(), callback]).expect("a way to unsubscribe")
    };
    // Main's own listener on the same channel, which is not the page's to remove.
    let preloads = Arc::clone(&heard);
    RawIpc::on(
        &wire,
        "news",
        Function::new(move |_| {
            preloads.fetch_add(100, Ordering::Relaxed);
            Ok(Value::UNDEFINED)
        }),
    );
    let (first, _second) = (subscribe(1), subscribe(10));
    wire.emit("news", &[]);
    assert_eq!(heard.swap(0, Ordering::Relaxed), 111);
    for _ in 0..2 {
        first.as_function().expect("a function").call(Vec::new()).expect("no harm");
        wire.emit("news", &[]);
        assert_eq!(heard.swap(0, Ordering::Relaxed), 110);
    }
    assert!(bridge.main_world("api").is_some_and(|api| api.get("removeAllListeners").is_none()));
}

#[test]
fn s7_what_a_page_does_to_its_objects_does_not_reach_the_preload() {
    let (wire, _, bridge) = preload();
    let evil = Value::object([("__proto__", Value::object([("admin", true)]))]);
    call(&bridge, "send", vec!["log".into(), evil.clone()]).expect("sent");
    let frames = wire.frames.lock().expect("frames");
    assert_eq!(frames[0].1, [evil]);
    assert!(frames[0].1[0].get("admin").is_none());
}

#[test]
fn calls_without_a_channel_or_a_callback_are_type_errors() {
    let (wire, _, bridge) = preload();
    let thrown = |name, arguments| call(&bridge, name, arguments).expect_err("thrown").to_string();
    // The bridge makes a plain Error of what the preload throws.
    assert_eq!(thrown("send", vec![]), format!("Error: {NO_CHANNEL}"));
    assert_eq!(thrown("invoke", vec![1.into()]), format!("Error: {NO_CHANNEL}"));
    assert_eq!(thrown("on", vec!["news".into(), 1.into()]), format!("Error: {NO_CALLBACK}"));
    assert_eq!(wire.frames(), 0);
}
