"""Tests; `factories` makes synthetic campaigns for all of them."""
