"""Made-up machines from plan to page: known speed-ups go in, and come back with their labels."""
