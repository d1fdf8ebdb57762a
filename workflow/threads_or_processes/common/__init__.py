"""What every package uses: errors, files, locks, provenance."""
