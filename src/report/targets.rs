//! A suite's targets, for people and for programs.

use super::figure::ratio_with_range;
use super::look::{Look, new_table, words};
use super::table::heading;
use crate::plan::variable::word;
use crate::plan::{Against, Limit};
use crate::record::Place;
use crate::stats::{Reading, Verdict};
use serde_json::{Value, json};

/// One row for each target, case and distance; nothing where there are no targets.
pub fn targets(verdicts: &[Verdict<'_>], look: Look) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let mut table = new_table(
        look,
        ["target", "metric", "against", "distance", "ratio", "wanted", "trials", "verdict"],
        4..7,
    );
    for verdict in verdicts {
        let target = verdict.target;
        let name = match target.cases.len() {
            1 => target.name.clone(),
            _ => format!("{}: {}", target.name, verdict.case),
        };
        let against = match &target.against {
            Against::Floor => "floor",
            Against::Case(case) => case,
        };
        let wanted = match target.limit {
            Limit::AtMost(most) => format!("≤ {most}"),
            Limit::AtLeast(least) => format!("≥ {least}"),
        };
        let mut add = |place: String, ratio: String, trials: String, outcome: String| {
            let metric = target.metric.name().to_owned();
            let [name, against, wanted] = [&name, against, &wanted].map(|text| words(text, look));
            table.add_row([name, metric, against, place, ratio, wanted, trials, outcome]);
        };
        let none = || "–".to_owned();
        match &verdict.outcome {
            Err(reason) => add(none(), none(), none(), format!("not measured: {reason}")),
            Ok(readings) => {
                for Reading { place, ratio, trials, reached } in readings {
                    let place = if *place == Place::One { none() } else { word(place) };
                    let outcome = if *reached { "reached" } else { "not reached" };
                    add(place, ratio_with_range(ratio), trials.to_string(), outcome.to_owned());
                }
            }
        }
    }
    let note = "A target's ratio is the median over trials, each over the floor of its own moment or over the other case's \
                trial of the same number; in parentheses their range.";
    format!("{}\n{}\n\n{note}\n", heading("targets", look), table.trim_fmt())
}

/// The same as JSON: what was wanted, and the ratio at each distance or the reason why there is none.
pub(super) fn targets_json(verdicts: &[Verdict<'_>]) -> Value {
    let one = |verdict: &Verdict<'_>| {
        let target = verdict.target;
        let mut value = json!({
            "name": target.name,
            "case": verdict.case,
            "metric": target.metric,
            "against": target.against,
        });
        match target.limit {
            Limit::AtMost(most) => value["at_most"] = most.into(),
            Limit::AtLeast(least) => value["at_least"] = least.into(),
        }
        match &verdict.outcome {
            Err(reason) => value["not_measured"] = reason.as_str().into(),
            Ok(readings) => value["ratios"] = readings.iter().map(reading).collect(),
        }
        value
    };
    verdicts.iter().map(one).collect()
}

fn reading(reading: &Reading) -> Value {
    let Reading { place, ratio, trials, reached } = reading;
    json!({
        "distance": place,
        "median": ratio.median,
        "min": ratio.min,
        "max": ratio.max,
        "trials": trials,
        "reached": reached,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Metric, Target};
    use crate::stats::Spread;

    #[test]
    fn a_row_says_what_was_wanted_and_what_came_of_it() {
        let target = Target {
            name: "t".into(),
            cases: vec!["a".into(), "b".into()],
            metric: Metric::Messages,
            against: Against::Case("c".into()),
            limit: Limit::AtLeast(1.5),
        };
        let reading = |place, median, reached| Reading {
            place,
            ratio: Spread { median, min: 1.0, max: 2.0, low: 1.0, high: 2.0 },
            trials: 3,
            reached,
        };
        let readings = vec![reading(Place::Near, 1.4996, false), reading(Place::Far, 1.5, true)];
        let verdicts = [
            Verdict { target: &target, case: "a", outcome: Ok(readings) },
            Verdict { target: &target, case: "b", outcome: Err("b was skipped: why".into()) },
        ];
        let text = targets(&verdicts, Look::Markdown);
        let rows: Vec<Vec<&str>> =
            text.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        let row = |first: &str, place: &str| {
            let found = rows.iter().find(|row| row.get(1) == Some(&first) && row.get(4) == Some(&place));
            found.unwrap_or_else(|| panic!("{first} {place} in: {text}"))[5..9].to_vec()
        };
        assert_eq!(row("t: a", "near"), ["1.500× (1.000–2.000)", "≥ 1.5", "3", "not reached"]);
        assert_eq!(row("t: a", "far")[3], "reached");
        assert_eq!(row("t: b", "–")[3], "not measured: b was skipped: why");
        assert_eq!(targets(&[], Look::Markdown), "");
        let json = targets_json(&verdicts);
        assert_eq!((&json[0]["at_least"], &json[0]["against"]), (&json!(1.5), &json!("c")));
        assert_eq!(
            (&json[0]["ratios"][1]["distance"], &json[1]["not_measured"]),
            (&json!("far"), &json!("b was skipped: why"))
        );
    }
}
