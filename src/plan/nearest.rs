//! The name that somebody meant.

/// The known name nearest to `name`, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = (name.chars().count() / 3).max(2);
    known
        .map(|candidate| (strsim::damerau_levenshtein(&name.to_lowercase(), candidate), candidate))
        .filter(|&(distance, _)| distance <= near)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["shm", "pipe", "uds-stream"];
        assert_eq!(nearest("pip", known.into_iter()), Some("pipe"));
        assert_eq!(nearest("UDS-steram", known.into_iter()), Some("uds-stream"));
        assert_eq!(nearest("carrier-pigeon", known.into_iter()), None);
    }
}
