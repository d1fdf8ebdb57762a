"""Tables in, one HTML file out: figures, words and the page people read and cite.

A report is a value: `sections` build it from the tables with pure functions, `templates` receive
finished text. Numbers become text in `formatting`, sentences are made in `words`, and a figure is
data (`figure_spec`) before it is a drawing (`drawing`).
"""
