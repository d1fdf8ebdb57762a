"""Threads or Processes: the packages of the pipeline.

Arrows run one way: rules -> plan, interpreters, trial, analysis, reporting.
"""
