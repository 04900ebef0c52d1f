//! What must hold for any text in a record: the body of a fuzz target.

use super::{Page, Source, Templates, page, render, templates};
use crate::record::{Environment, Record};
use serde_json::json;

/// Stands behind every sign of an input that could end a text in the page, and in no template: where it follows such a sign in the page,
/// the sign was not escaped.
const MARK: char = '\u{E000}';
const SIGNS: [char; 5] = ['<', '>', '"', '\'', '&'];

thread_local! {
    static TEMPLATES: Templates<'static> = templates().expect("the page's template");
}

/// Lines as what records and their environment say in words (transports, a run, a reason, names, a command, the host): nothing of them is
/// markup in the page, be it in a text, an attribute or a chart. Whether there was a sign that could have been. Most of a page's time goes
/// into charts: only one length of input in sixteen has them.
///
/// # Panics
/// If that does not hold.
pub fn words(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut marked = String::with_capacity(2 * text.len());
    for sign in text.chars() {
        marked.push(sign);
        if SIGNS.contains(&sign) {
            marked.push(MARK);
        }
    }
    let mut words = marked.split('\n').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let (one, other) = (word(), word());
    let mut records = Vec::new();
    let counted = [(&one, 64, 5000), (&other, 64, 9000), (&one, 4096, 9000)];
    let counted = &counted[..[3, 1].get(bytes.len() % 16).copied().unwrap_or(0)];
    for &(transport, payload, ns) in counted {
        let case = json!({
            "id": format!("{transport}/invoke/payload={payload}"), "transport": transport, "workload": "invoke",
            "model": { "payload": payload },
        });
        records.push(json!({
            "schema": 1, "run": "run", "trial": 0, "order": records.len(), "seed": 7, "status": "ok", "case": case, "messages": 2000,
            "elapsed_ns": 2000 * ns,
            "latency_ns": { "kind": "round-trip", "count": 2000, "min": ns, "p50": ns, "p90": ns, "p99": ns, "max": ns, "mean": ns,
                            "histogram": "" },
        }));
    }
    let (id, reason, run) = (word(), word(), word());
    let case = json!({ "id": id, "transport": one, "workload": "send", "model": {} });
    records.push(json!({
        "schema": 1, "run": run, "trial": 0, "seed": 7, "status": "failed", "reason": reason, "case": case,
    }));
    let records: Vec<Record> =
        records.into_iter().map(|record| serde_json::from_value(record).expect("a record")).collect();
    let environment: Environment = serde_json::from_value(json!({
        "schema": 1, "run": run, "command": [word()], "started": word(), "finished": null, "partial": true, "seed": 7,
        "version": word(), "profile": word(),
        "host": {
            "name": word(), "kernel": word(), "cpu": word(), "cpus": [0, 1], "virtual_machine": true, "governor": null,
            "clocksource": word(), "clock": { "source": "tsc", "step_ns": 1, "cost_ns": 1.0 }, "memory_bytes": 1,
        },
    }))
    .expect("an environment");
    let source = Source { environments: vec![environment] };
    // Without the page's own style and script, which say nothing of records.
    let page = Page { css: "", theme: "", script: "", ..page(&records, &source, &[]) };
    let page = TEMPLATES.with(|templates| render(templates, page)).expect("a page");
    escaped(&page)
}

/// Where a browser is in a page.
enum At {
    Text,
    Tag,
    Value,
}

/// Sees that all marks stand in texts and in quoted values, behind nothing that ends those; answers whether there are any.
fn escaped(page: &str) -> bool {
    let (mut at, mut before, mut marks) = (At::Text, ' ', 0);
    for sign in page.chars() {
        if sign == MARK {
            assert!(!SIGNS.contains(&before) && !matches!(at, At::Tag), "markup from a record: {page}");
            marks += 1;
        }
        at = match (at, sign) {
            (At::Text, '<') | (At::Value, '"') => At::Tag,
            (At::Tag, '>') => At::Text,
            (At::Tag, '"') => At::Value,
            (At::Tag, '\'') => panic!("a value in other quotes: {page}"),
            (at, _) => at,
        };
        before = sign;
    }
    assert!(matches!(at, At::Text), "a tag that does not end: {page}");
    marks > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_seen_where_it_is_and_not_where_it_is_not() {
        let held = |page: &'static str| std::panic::catch_unwind(|| escaped(page)).is_ok();
        assert!(held("<p title=\"&quot;\u{E000}\">&lt;\u{E000}b</p>"));
        for escapes in
            ["<p><\u{E000}b</p>", "<p title=\"\"\u{E000}\">", "<p \u{E000}>", "<p>&\u{E000}lt;</p>"]
        {
            assert!(!held(escapes), "{escapes}");
        }
    }
}
