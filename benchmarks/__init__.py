"""Experiments about the instrument itself: they read clocks and take minutes."""
