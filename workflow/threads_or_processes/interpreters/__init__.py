"""Interpreters under test: found or built, given their libraries, identified, compared."""
