# Includes the workflow and makes a plain `snakemake` build its report; nothing else.
include: "workflow/Snakefile"


workflow.default_target = "report"
