//! "Did you mean ...?", wherever a person has written a word of ours.

/// Nobody meant one of ours by a longer word.
const LETTERS_MAX: usize = 64;

/// The candidate that needs the fewest letters changed, if it is near enough
/// to have been meant. Of two equally near the first.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters = text.chars().count();
    let (wanted, near) = (text.to_lowercase(), 1 + letters / 4);
    candidates
        .into_iter()
        .filter(|_| letters <= LETTERS_MAX)
        .map(|candidate| {
            (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate)
        })
        .filter(|(changed, candidate)| *changed <= near && *changed < candidate.chars().count())
        .min_by_key(|(changed, _)| *changed)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_stranger_is_not() {
        let keys = ["recall_timer", "recall_to", "ring_group", "ring_group_wait"];
        assert_eq!(nearest("recal_timer", keys), Some("recall_timer"));
        assert_eq!(nearest("ringgroup", keys), Some("ring_group"));
        assert_eq!(nearest("Recall_To", keys), Some("recall_to"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("10l", ["102", "101"]), Some("102"));
        assert_eq!(nearest("x", ["y"]), None);
    }
}
