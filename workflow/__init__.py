"""Threads or Processes: the pipeline's rooms. Arrows run rules -> plan, interpreters, trial, analysis, reporting."""
