//! The answer every core gives.

/// What a core wants done, in order. Dropping it unread does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "effects do nothing until the edge carries them out"]
pub struct Effects<E>(Vec<E>);

impl<E> Effects<E> {
    pub fn none() -> Self {
        Self(Vec::new())
    }

    pub fn one(effect: E) -> Self {
        Self(vec![effect])
    }

    pub fn then(mut self, more: impl IntoIterator<Item = E>) -> Self {
        self.0.extend(more);
        self
    }

    pub fn push(&mut self, effect: E) {
        self.0.push(effect);
    }

    pub fn extend(&mut self, more: impl IntoIterator<Item = E>) {
        self.0.extend(more);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_slice(&self) -> &[E] {
        &self.0
    }
}

impl<E> Default for Effects<E> {
    fn default() -> Self {
        Self::none()
    }
}

impl<E> FromIterator<E> for Effects<E> {
    fn from_iter<I: IntoIterator<Item = E>>(effects: I) -> Self {
        Self(effects.into_iter().collect())
    }
}

impl<E> IntoIterator for Effects<E> {
    type Item = E;
    type IntoIter = std::vec::IntoIter<E>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
