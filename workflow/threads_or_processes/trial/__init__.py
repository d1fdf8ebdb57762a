"""One trial: a fresh interpreter process that runs one cell.

Two processes take part. The one in `supervisor/`, in the pipeline's Python, starts, watches and
outlives the one in `measured/`, in the interpreter under test. The measured process imports the
standard library, `multiprocess`, one model and one workload; nothing else. It never imports the
other half. The modules beside the folders answer what a plan asks: which machine this is, and
which workload a task function makes.
"""
