"""Data sets and records from strangers: one message that says what is wrong, or a sane result."""
