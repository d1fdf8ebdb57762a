"""One trial: a fresh interpreter process that runs one cell.

Two processes take part. The supervisor (`supervisor.py`, in the pipeline's Python) starts, watches
and outlives the measured process (`measure.py`, in the interpreter under test). What the measured
process imports is the standard library, `multiprocess`, one model and one workload; nothing else.
"""
