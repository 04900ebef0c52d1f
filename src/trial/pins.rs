//! Which CPU each end runs on.

use crate::plan::{Case, Pin};
use crate::transport::WaitKind;
use crate::workload::{Workload, port};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// CPUs for main and for each renderer; a single one pins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pins {
    pub(super) main: Vec<usize>,
    pub(super) renderers: Vec<Vec<usize>>,
}

impl Pins {
    /// Lays a case out over the CPUs that we may use; `turn` rotates them, so that no end has the same one always.
    pub(super) fn new(case: &Case, allowed: &[usize], turn: u64) -> Pins {
        let model = &case.model;
        let count = allowed.len().max(1);
        let cpu = |n: usize| allowed.get((n + turn as usize % count) % count).copied().unwrap_or(0);
        let renderers = |one: &dyn Fn(usize) -> Vec<usize>| (0..model.windows).map(one).collect();
        match model.pin {
            Pin::Same => Pins { main: vec![cpu(0)], renderers: renderers(&|_| vec![cpu(0)]) },
            Pin::Cross => {
                let others = count.saturating_sub(1).max(1);
                // Of a pair, who answers runs where main does, which has nothing to do then or hands on what the other has sent.
                let beside_main = |peer| case.workload == Workload::Port && !port::asks(peer);
                let place = |peer| if beside_main(peer) { 0 } else { 1 + peer % others };
                Pins { main: vec![cpu(0)], renderers: renderers(&|peer| vec![cpu(place(peer))]) }
            }
            Pin::Free => Pins { main: allowed.to_vec(), renderers: renderers(&|_| allowed.to_vec()) },
        }
    }

    /// Main's CPU and another that a renderer uses, if there are two: what the distance is measured between.
    pub(super) fn pair(&self) -> Option<[usize; 2]> {
        let main = *self.main.first()?;
        let other = self.renderers.iter().flatten().find(|&&cpu| cpu != main)?;
        Some([main, *other])
    }
}

/// How long a model spins before it sleeps on `cpus` CPUs, where waking the other one takes `wake`: as long as that, so
/// that a live peer is caught in the spin and a slow one costs at most twice the wake-up (the rule of ski rental). Not
/// at all where the ends would take a CPU from each other.
pub(super) fn spin_budget(case: &Case, cpus: usize, wake: impl FnOnce() -> Duration) -> Duration {
    let alone = case.model.pin != Pin::Same && case.working_ends() <= cpus;
    if case.model.wait == WaitKind::Hybrid && alone { wake() } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Model;

    fn case(workload: Workload, model: Model) -> Case {
        Case { transport: "pipe".to_owned(), workload, model }
    }

    fn pins(pin: Pin, windows: usize, allowed: &[usize], turn: u64) -> Pins {
        let model = Model { pin, windows, ..Model::default() };
        Pins::new(&case(Workload::Invoke, model), allowed, turn)
    }

    #[test]
    fn ends_are_laid_out_as_the_word_says() {
        let cross = pins(Pin::Cross, 3, &[2, 5, 7], 0);
        assert_eq!(cross.main, [2]);
        assert_eq!(cross.renderers, [[5], [7], [5]]);
        assert_eq!(cross.pair(), Some([2, 5]));
        let model = Model { windows: 4, ..Model::default() };
        let pairs = Pins::new(&case(Workload::Port, model), &[2, 5], 0);
        assert_eq!((pairs.main, pairs.renderers), (vec![2], vec![vec![5], vec![2], vec![5], vec![2]]));
        let turned = pins(Pin::Cross, 1, &[0, 1], 1);
        assert_eq!((turned.main, turned.renderers), (vec![1], vec![vec![0]]));
        let same = pins(Pin::Same, 2, &[4, 6], 1);
        assert_eq!((same.pair(), same.renderers), (None, vec![vec![6], vec![6]]));
        assert_eq!(pins(Pin::Free, 1, &[0, 1], 0).renderers, [[0, 1]]);
    }

    #[test]
    fn hybrid_does_not_spin_where_cpus_are_short() {
        let budget = |model: &Model, cpus| {
            let case = case(Workload::Invoke, model.clone());
            spin_budget(&case, cpus, || Duration::from_micros(9)).as_micros()
        };
        let hybrid = Model { wait: WaitKind::Hybrid, ..Model::default() };
        assert_eq!(budget(&hybrid, 2), 9);
        assert_eq!(budget(&Model { windows: 2, ..hybrid.clone() }, 2), 0);
        assert_eq!(budget(&Model { pin: Pin::Same, ..hybrid }, 8), 0);
        assert_eq!(budget(&Model::default(), 2), 0);
    }
}
