//! The attendant's screen: a state, a function that changes it, a function that draws it.
