//! Main's part: leads two ports to each other once both are in use.

use super::Token;
use crate::electron::post::{LinkId, Word};
use std::collections::{BTreeMap, BTreeSet};

/// Where a port is: at the end of a link, or in main itself.
pub(in crate::electron) type Place = Option<LinkId>;

/// What main knows of ports that have no link yet.
#[derive(Debug, Default)]
pub(in crate::electron) struct Broker {
    /// Each with the other one.
    pairs: BTreeMap<Token, Token>,
    /// Where those are that want their link, and whether that is in a sandbox.
    claims: BTreeMap<Token, (Place, bool)>,
    /// To whom main has sent those that nobody has claimed yet.
    sent: BTreeMap<Token, LinkId>,
    /// Those that will never claim.
    shut: BTreeSet<Token>,
}

impl Broker {
    /// Main sends a port to somebody.
    pub(in crate::electron) fn sending(&mut self, token: Token, to: LinkId) {
        self.sent.insert(token, to);
    }

    /// Main has received a port.
    pub(in crate::electron) fn received(&mut self, token: Token) {
        self.sent.remove(&token);
    }

    /// Hears a word and answers what is to be said to whom.
    pub(in crate::electron) fn hear(&mut self, from: Place, word: Word) -> Option<(Place, Word)> {
        match word {
            Word::Pair(a, b) => {
                self.pairs.insert(a, b);
                self.pairs.insert(b, a);
                let [a_shut, b_shut] = [a, b].map(|token| self.shut.remove(&token));
                match (a_shut, b_shut) {
                    (true, _) => self.shut(a),
                    (_, true) => self.shut(b),
                    _ => self.join(a, b),
                }
            }
            Word::Claim(token, confined) => {
                self.sent.remove(&token);
                self.claims.insert(token, (from, confined));
                let other = *self.pairs.get(&token)?;
                if self.shut.remove(&other) {
                    self.forget(token, other);
                    return Some((from, Word::Closed(token)));
                }
                self.join(other, token)
            }
            // Only who was asked may lead the other one somewhere.
            Word::Bound(token, letter) => {
                let &(_, confined) = self.claims.get(&token).filter(|(place, _)| *place == from)?;
                let other = *self.pairs.get(&token)?;
                let &(to, other_confined) = self.claims.get(&other)?;
                self.forget(token, other);
                Some((to, Word::Connect(other, letter, confined || other_confined)))
            }
            Word::Shut(token) => self.shut(token),
            _ => None,
        }
    }

    /// Somebody is gone, with all ports that were on their way to it or waited there.
    pub(in crate::electron) fn gone(&mut self, link: LinkId) -> Vec<(Place, Word)> {
        let claimed =
            self.claims.iter().filter(|(_, (place, _))| *place == Some(link)).map(|(token, _)| *token);
        let sent = self.sent.iter().filter(|(_, place)| **place == link).map(|(token, _)| *token);
        let lost: BTreeSet<Token> = claimed.chain(sent).collect();
        lost.into_iter().filter_map(|token| self.shut(token)).collect()
    }

    fn join(&mut self, first: Token, second: Token) -> Option<(Place, Word)> {
        let &(place, confined) = self.claims.get(&first)?;
        let &(other_place, other_confined) = self.claims.get(&second)?;
        if place == other_place {
            self.forget(first, second);
            return Some((place, Word::Meet(first, second)));
        }
        Some((place, Word::Bind(first, confined || other_confined)))
    }

    fn shut(&mut self, token: Token) -> Option<(Place, Word)> {
        self.sent.remove(&token);
        self.claims.remove(&token);
        let other = self.pairs.get(&token).copied();
        match other.and_then(|other| Some((other, self.claims.get(&other)?.0))) {
            Some((other, place)) => {
                self.forget(token, other);
                Some((place, Word::Closed(other)))
            }
            None => {
                self.shut.insert(token);
                None
            }
        }
    }

    fn forget(&mut self, a: Token, b: Token) {
        for token in [a, b] {
            self.pairs.remove(&token);
            self.claims.remove(&token);
        }
    }
}
