"""Trials to tables: pure functions on frames; files only at the edge (`records`, `dataset`)."""
