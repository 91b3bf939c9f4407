//! Text to settings; complaints name file, line and the nearest right value.
