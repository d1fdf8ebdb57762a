"""Threads or Processes: the rooms of the pipeline.

Arrows run one way: rules -> plan, interpreters, trial, analysis, reporting.
"""
