"""Interpreters under test: found or built, furnished, identified, compared."""
