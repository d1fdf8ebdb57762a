# Needs:    the plan, the identities and the data set.
# Produces: the tables made from it.


rule estimate_tables:
    input:
        plan=CAMPAIGN.results / "plan.json",
        identities=CAMPAIGN.identities,
        trials=CAMPAIGN.results / "trials.parquet",
        repetitions=CAMPAIGN.results / "repetitions.parquet",
    output:
        tables=CAMPAIGN.tables,
    log:
        CAMPAIGN.results / "logs/tables.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        results=subpath(input.plan, parent=True),
    shell:
        "python -m threads_or_processes.analysis tables --plan {input.plan:q} --trials {input.trials:q} "
        "--interpreters {params.results:q}/interpreters --out {params.results:q}/tables > {log:q} 2>&1"
