//! A whole suite compared with itself, many times: how often a difference is told where there is none, all comparisons counted and
//! what is told measured again, as `compare --bin` does it.

use super::confirm::{confirm, is_told};
use super::exit::Stop;
use super::interleave::{table, turn};
use crate::plan::{Case, Plan};
use crate::record::Record;
use crate::stats::{COMPARED, Comparison, fewest_pairs};
use crate::sys::signal::Interrupt;
use crate::trial::{self, Failure, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Comparisons of a suite with itself.
pub(super) struct Equals<'a> {
    pub(super) plan: &'a Plan,
    pub(super) count: u64,
    /// Pairs in each, if more than are needed to tell anything.
    pub(super) trials: u64,
    pub(super) time: Duration,
    pub(super) seed: u64,
}

impl Equals<'_> {
    /// Makes all of them; as text and as a document.
    pub(super) fn run(&self, interrupt: &Interrupt) -> Result<(String, Value), Stop> {
        let cases: Vec<&Case> = self.plan.runnable().collect();
        let mut order = 0;
        let mut outcomes: Vec<(usize, usize, usize)> = Vec::new();
        while (outcomes.len() as u64) < self.count {
            let Some(mut rows) = self.one(&cases, &mut order, interrupt)? else { break };
            let told: BTreeSet<&str> =
                rows.iter().filter(|row| is_told(row)).map(|row| row.case.as_str()).collect();
            let again: Vec<&Case> =
                cases.iter().copied().filter(|case| told.contains(case.id().as_str())).collect();
            let (first, mut stand) = (rows.iter().filter(|row| is_told(row)).count(), 0);
            if !again.is_empty() {
                let Some(second) = self.one(&again, &mut order, interrupt)? else { break };
                stand = confirm(&mut rows, &again, &second).told;
            }
            outcomes.push((rows.len(), first, stand));
        }
        let comparisons: usize = outcomes.iter().map(|(rows, ..)| rows).sum();
        let flagged = outcomes.iter().filter(|(_, first, _)| *first > 0).count();
        let confirmed = outcomes.iter().filter(|(.., stand)| *stand > 0).count();
        let text = format!(
            "{} comparisons of a suite of {} cases with itself, {} trials in all\n\
             a difference was told in {flagged} of them with all {comparisons} single comparisons counted (Holm), and in {confirmed} when it was measured again\n",
            outcomes.len(),
            cases.len(),
            order,
        );
        let document = json!({
            "comparisons": outcomes.len(), "flagged": confirmed, "flagged_before_confirmation": flagged, "cases": cases.len(),
            "single_comparisons": comparisons, "trials": order, "seed": self.seed,
        });
        Ok((text, document))
    }

    /// All cases by turns with themselves. `None` if the user stopped it.
    fn one(
        &self,
        cases: &[&Case],
        order: &mut u64,
        interrupt: &Interrupt,
    ) -> Result<Option<Vec<Comparison>>, Stop> {
        let pairs = self.trials.max(fewest_pairs(COMPARED.len() * cases.len()));
        let seed = self.seed ^ order.rotate_left(24);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut cases = cases.to_vec();
        let mut sides: [Vec<Record>; 2] = [Vec::new(), Vec::new()];
        for pair in 0..pairs {
            rng.shuffle(&mut cases);
            for case in &cases {
                for side in turn(seed, pair) {
                    let Some(record) = self.trial(case, pair, *order, interrupt)? else { return Ok(None) };
                    *order += 1;
                    sides[side].push(record);
                }
            }
        }
        Ok(Some(table(&sides).judge()))
    }

    fn trial(
        &self,
        case: &Case,
        pair: u64,
        order: u64,
        interrupt: &Interrupt,
    ) -> Result<Option<Record>, Stop> {
        let settings = Settings {
            warm_up: Duration::from_millis(30),
            warm_up_messages: 500,
            ..Settings::new(self.time)
        };
        let outcome = trial::run(case, &settings, self.seed.rotate_left(16) ^ order, interrupt);
        match &outcome {
            Err(Failure::Interrupted) => Ok(None),
            Err(failure) => Err(Stop::Content { what: case.id(), why: failure.to_string() }),
            Ok(_) => Ok(Some(Record::of_trial("equals", (pair, order, self.seed), case, &outcome, None))),
        }
    }
}
