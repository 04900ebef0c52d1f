//! The command line from outside: what it refuses, what it measures, what it writes where.

mod bad_flags;
mod bad_suites;
mod codec;
mod comparisons;
mod inquiries;
mod later;
mod loads;
mod plans;
mod runs;
mod skips;
mod streams;
mod targets;
mod troubles;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    let groups = [
        bad_flags::tests(),
        bad_suites::tests(),
        codec::tests(),
        comparisons::tests(),
        inquiries::tests(),
        later::tests(),
        loads::tests(),
        plans::tests(),
        runs::tests(),
        skips::tests(),
        streams::tests(),
        targets::tests(),
        troubles::tests(),
    ];
    groups.into_iter().flatten().collect()
}
