use super::*;
use crate::codec::v8::{self, Views};
use crate::electron::schema::{Rule, Schema};

fn checks(policy: Policy) -> Checks {
    let schema = Schema::arguments([Rule::text(1, 16), Rule::integer(0, 10)]).expect("a schema");
    let rules = Rules {
        whitelist: Whitelist {
            send: Channels::new(["log"]),
            invoke: Channels::new(["volume", "open"]),
            receive: Channels::new(["progress"]),
        },
        origins: Origins::new(["https://app.example", "app://bundle"]).expect("origins"),
        schemas: Schemas::new([("volume", schema)]),
    };
    Checks::new(policy, rules)
}

fn from(url: &str) -> Sender<'_> {
    Sender { window: 1, main_frame: true, url }
}

const HOME: &str = "https://app.example/index.html";

#[test]
fn s1_a_sender_is_known_by_its_parsed_origin() {
    let checks = checks(Policy::Sender);
    let admits = |url| checks.in_main(&from(url), "volume", Value::array::<Value>([]).root()).is_ok();
    for good in [
        HOME,
        "https://app.example",
        "https://app.example:443/#a",
        "HTTPS://App.Example/",
        "app://bundle/a?b",
        "https://user@app.example/",
    ] {
        assert!(admits(good), "{good}");
    }
    for bad in [
        "https://app.example.evil.test/",
        "https://app.example@evil.test/",
        "https://evil.test/?https://app.example",
        "https://evil.test\\@app.example/",
        "http://app.example/",
        "https://app.example:8443/",
        "https://app.example:99999/",
        "https://sub.app.example/",
        "https://ap%70.example/",
        "https://app.example./",
        "https://аpp.example/",
        "blob:https://app.example/1",
        "data:text/html,https://app.example",
        "about:blank",
        "file:///index.html",
        "app:bundle",
        "//app.example/",
        "",
    ] {
        assert!(!admits(bad), "{bad}");
    }
}

#[test]
fn s1_a_frame_within_a_window_can_be_refused_and_another_window_is() {
    let origins = Origins::new(["https://app.example", "file:///"]).expect("origins");
    let inner = Sender { window: 1, main_frame: false, url: HOME };
    assert!(origins.admit(&inner));
    assert!(origins.admit(&from("file:///opt/app/index.html")) && !origins.admit(&from("file://host/x")));
    let strict = origins.in_main_frames();
    assert!(!strict.admit(&inner) && strict.admit(&from(HOME)));
    let other = Sender { window: 2, main_frame: true, url: "https://ads.example/" };
    let refused = checks(Policy::Sender).in_main(&other, "volume", Value::array([1]).root());
    assert_eq!(refused.expect_err("refused").to_string(), "Sender is not allowed to use channel 'volume'");
    assert!(Origins::new(["app.example"]).is_err() && Origin::of("https://").is_err());
}

#[test]
fn s2_what_a_payload_says_of_its_sender_changes_nothing() {
    let claim =
        Value::object([("window", Value::from(1)), ("main_frame", true.into()), ("url", HOME.into())]);
    let arguments = Value::array([claim]);
    let sender = Sender { window: 2, main_frame: true, url: "https://ads.example/" };
    assert!(checks(Policy::Sender).in_main(&sender, "open", arguments.root()).is_err());
    assert!(checks(Policy::Sender).in_main(&from(HOME), "open", arguments.root()).is_ok());
}

#[test]
fn s4_whitelists_are_separate_and_exact() {
    let checks = checks(Policy::Whitelist);
    let all = [Verb::Send, Verb::Invoke, Verb::Receive];
    for (channel, verbs) in [
        ("log", &[Verb::Send][..]),
        ("volume", &[Verb::Invoke]),
        ("progress", &[Verb::Receive]),
        ("logs", &[]),
        ("lo", &[]),
        ("LOG", &[]),
        ("log ", &[]),
        ("", &[]),
    ] {
        for verb in all {
            assert_eq!(checks.channel(verb, channel).is_ok(), verbs.contains(&verb), "{verb:?} {channel}");
        }
    }
    let refused = checks.channel(Verb::Send, "volume").expect_err("refused");
    assert_eq!(refused.to_string(), "Channel 'volume' is not allowed for send");
}

#[test]
fn s8_each_policy_includes_those_before_it() {
    let good = [Value::from("radio"), 7.into()];
    let bad = [Value::from("radio"), 11.into()];
    for policy in
        [Policy::None, Policy::Whitelist, Policy::Sender, Policy::ValidateMain, Policy::ValidateBoth]
    {
        let checks = checks(policy);
        let main = |url, arguments: &[Value]| {
            checks.in_main(&from(url), "volume", Value::array(arguments.iter().cloned()).root()).is_ok()
        };
        let preload = |arguments: &[Value]| checks.in_preload(Verb::Invoke, "volume", arguments).is_ok();
        assert_eq!(checks.in_preload(Verb::Send, "volume", &good).is_ok(), policy < Policy::Whitelist);
        assert_eq!(main("https://evil.test", &good), policy < Policy::Sender);
        assert_eq!(main(HOME, &bad), policy < Policy::ValidateMain);
        assert_eq!(preload(&bad), policy < Policy::ValidateBoth);
        assert!(main(HOME, &good) && preload(&good));
    }
}

#[test]
fn s8_a_raw_client_that_bypasses_the_preload_is_refused_by_main() {
    let checks = checks(Policy::ValidateBoth);
    // What main has of a hostile renderer: bytes, and the link they came by.
    let received = |arguments: Value| {
        let mut frame = Vec::new();
        v8::encode(&arguments, Views::Native, &mut frame).expect("bytes");
        v8::decode(&frame).expect("a value").value
    };
    let bad = received(Value::array([Value::from("radio"), f64::MAX.into()]));
    let refused = checks.in_main(&from(HOME), "volume", bad.root()).expect_err("refused");
    let text = "Invalid arguments for channel 'volume': argument 1: expected a whole number from 0 to 10";
    assert_eq!(refused.to_string(), text);
    let no_list = received(Value::from("volume"));
    assert!(checks.in_main(&from(HOME), "volume", no_list.root()).is_err());
    let refused = checks.in_main(&from(HOME), "open", bad.root()).expect_err("refused");
    assert_eq!(refused.to_string(), "Channel 'open' has no schema");
}

#[test]
fn s19_a_refusal_carries_a_message_and_nothing_else() {
    let checks = checks(Policy::ValidateBoth);
    let secret = Value::from("/home/me/secret");
    let refused = checks.in_preload(Verb::Invoke, "volume", &[secret, 1.into(), 2.into()]);
    let error = Value::from(refused.expect_err("refused"));
    let text = "TypeError: Invalid arguments for channel 'volume': expected 2 to 2 arguments";
    assert_eq!(error.as_error().and_then(|error| error.stack()).as_deref(), Some(text));
}
