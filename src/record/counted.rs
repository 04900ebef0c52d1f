//! Which trials count: all that are whole, but those that the host disturbed and that were measured again.

use super::row::{Record, Status};
use std::collections::BTreeSet;

/// The records that are `ok` and that no other record of their run replaces, in their order.
pub fn counted<'r>(records: impl IntoIterator<Item = &'r Record> + Clone) -> Vec<&'r Record> {
    let replaced = replaced(records.clone());
    let counts = |record: &&Record| record.status == Status::Ok && !replaced.contains(&place(record));
    records.into_iter().filter(counts).collect()
}

/// The places of the trials that another one stands for.
pub fn replaced<'r>(records: impl IntoIterator<Item = &'r Record>) -> BTreeSet<(&'r str, Option<u64>)> {
    let again = records.into_iter().filter(|record| record.status == Status::Ok && record.repeats.is_some());
    again.map(|record| (record.run.as_str(), record.repeats)).collect()
}

/// A record's place among those of all runs.
pub fn place(record: &Record) -> (&str, Option<u64>) {
    (&record.run, record.order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn trial(run: &str, order: u64, status: &str, repeats: Value) -> Record {
        let record = json!({
            "schema": 1, "run": run, "trial": 0, "order": order, "repeats": repeats, "seed": 1, "status": status,
            "case": { "id": "a", "transport": "shm", "workload": "invoke", "model": {} },
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_second_try_stands_for_the_first_if_it_worked_and_in_its_own_run_alone() {
        let records = [
            trial("r", 0, "ok", Value::Null),
            trial("r", 1, "ok", Value::Null),
            trial("r", 2, "ok", json!(0)),
            trial("r", 3, "failed", json!(1)),
            trial("s", 0, "ok", Value::Null),
        ];
        let left: Vec<_> = counted(&records).into_iter().map(place).collect();
        assert_eq!(left, [("r", Some(1)), ("r", Some(2)), ("s", Some(0))]);
    }
}
