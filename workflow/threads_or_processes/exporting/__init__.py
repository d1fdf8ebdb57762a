"""A campaign's results for other tools and other machines: one folder, or one archive."""
