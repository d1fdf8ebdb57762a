"""The pipeline without an interpreter under test: these run on all CPUs."""
