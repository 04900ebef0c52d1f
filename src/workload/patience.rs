//! What whoever waits on a lossy link makes of silence: for a while the messages that it waits for are lost, after a longer
//! one the rest of the phase is.

use crate::transport::{Error, OVERDUE, Result};

/// How often in a row [`Error::Overdue`] is borne: about a second, which nobody who still works is silent for.
const BORNE: u32 = 5;

/// How much of it is used up.
#[derive(Debug, Default)]
pub(super) struct Patience {
    overdue: u32,
}

impl Patience {
    /// What came of a wait; `None` if nothing did.
    #[inline]
    pub(super) fn take<T>(&mut self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Err(Error::Overdue) => {
                self.overdue += 1;
                Ok(None)
            }
            outcome => {
                self.overdue = 0;
                outcome.map(Some)
            }
        }
    }

    /// Whether the rest of the phase counts as lost.
    pub(super) fn is_over(&self) -> bool {
        self.overdue >= BORNE
    }

    /// When the last message had come, if it is `now` and silence has just been noticed.
    pub(super) fn silent_since(&self, now: u64) -> u64 {
        now.saturating_sub(u64::from(self.overdue) * OVERDUE.as_nanos() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_borne_for_a_while_and_a_message_ends_it() {
        let mut patience = Patience::default();
        for _ in 0..2 {
            for _ in 1..BORNE {
                assert!(patience.take::<()>(Err(Error::Overdue)).unwrap().is_none());
                assert!(!patience.is_over());
            }
            assert_eq!(patience.take(Ok(7)).unwrap(), Some(7));
        }
        (0..BORNE).for_each(|_| drop(patience.take::<()>(Err(Error::Overdue))));
        assert!(patience.is_over());
        assert!(patience.take::<()>(Err(Error::Closed { peer: None })).is_err());
    }
}
