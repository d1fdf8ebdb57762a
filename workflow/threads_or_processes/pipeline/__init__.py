"""A campaign as the rules see it, the console, and what touches the inside of Snakemake."""
