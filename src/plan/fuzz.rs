//! What must hold for any text as a suite file: the body of a fuzz target.

use super::{Plan, Suite};

/// More cases than this are not looked at one by one: that takes longer than anybody fuzzes for.
const MOST: usize = 300;

/// Bytes as a suite: refused with the place of the mistake, or cases with names of their own. Whether it was one.
///
/// # Panics
/// If that does not hold.
pub fn suite(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let suite = match Suite::parse(text, "fuzz.toml") {
        Ok(suite) => suite,
        Err(error) => {
            let told = error.to_string();
            let place = told.strip_prefix("fuzz.toml:").and_then(|rest| rest.split_once(": "));
            let (line, column) = place.and_then(|(place, _)| place.split_once(':')).expect("a place");
            let line: usize = line.parse().expect("a line");
            assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{told}");
            assert!(column.parse::<usize>().is_ok_and(|column| column >= 1), "{told}");
            return false;
        }
    };
    assert!(suite.trials.is_none_or(|trials| (1..=10_000).contains(&trials)));
    assert!(suite.time.is_none_or(|time| (0.001..=86_400.0).contains(&time)));
    if suite.groups.iter().map(|group| group.count()).sum::<usize>() > MOST {
        return true;
    }
    let Ok(plan) = Plan::new(&suite.groups, None, 2) else { return true };
    let mut names: Vec<String> = plan.cases.iter().map(|planned| planned.case.id()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "each case once");
    assert!(plan.block(7, 0).len() == plan.runnable().count());
    true
}
