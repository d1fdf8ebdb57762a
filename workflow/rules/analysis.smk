# Needs:    the plan, the identities and every planned trial's record.
# Produces: the data set (a row a repetition) and the tables made from it.


rule collect_trials:
    input:
        plan="results/{machine}/plan.json",
        identities=expand(
            "results/{machine}/interpreters/{arm}.json",
            arm=CAMPAIGN.arms,
            allow_missing=True,
        ),
        calibrations=expand(
            "results/{machine}/calibration/{workload}.json",
            workload=CAMPAIGN.plan.workloads,
            allow_missing=True,
        ),
        records=CAMPAIGN.records,
    output:
        parquet="results/{machine}/trials.parquet",
        csv="results/{machine}/trials.csv.gz",
    log:
        "results/{machine}/logs/collect.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.parquet, parent=True),
    shell:
        "python -m workflow.analysis collect --plan {input.plan:q} "
        "--interpreters {params.folder:q}/interpreters --records {params.folder:q} "
        "--parquet {output.parquet:q} --csv {output.csv:q} 2>&1 | tee {log:q}"


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
        "python -m workflow.analysis tables --plan {input.plan:q} --trials {input.trials:q} "
        "--out {params.folder:q} 2>&1 | tee {log:q}"
