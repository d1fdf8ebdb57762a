"""From a config to an ordered list of trials: config -> experiments -> cells -> blocks.

Pure functions of a config, a catalogue of workloads and models, and a machine; nothing here reads
a clock, a file under results/, or knows Snakemake.
"""
