# Needs:    the plan and the data set.
# Produces: the tables made from it.


rule estimate_tables:
    input:
        plan="results/{machine}/plan.json",
        trials="results/{machine}/trials.parquet",
    output:
        tables=expand(
            "results/{machine}/tables/{table}.csv", table=TABLES, allow_missing=True
        ),
    log:
        "results/{machine}/logs/tables.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=lambda w, output: str(Path(output.tables[0]).parent),
    shell:
        "python -m threads_or_processes.analysis tables --plan {input.plan:q} --trials {input.trials:q} "
        "--out {params.folder:q} 2>&1 | tee {log:q}"
