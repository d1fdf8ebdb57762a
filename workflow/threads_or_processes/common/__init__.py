"""What every package uses: errors, files, locks, durations, provenance."""
