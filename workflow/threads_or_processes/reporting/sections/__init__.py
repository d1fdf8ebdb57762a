"""Each section of the report, built from the evidence by pure functions."""
