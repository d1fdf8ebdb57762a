"""What starts a measured process and watches it, in the pipeline's Python."""
