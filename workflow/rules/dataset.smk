# Needs:    the plan, the identities and the record of every trial, those included that were added.
# Produces: the data set (a row a repetition), and the package that describes it.


rule collect_trials:
    input:
        plan="results/{machine}/plan.json",
        identities=expand(
            "results/{machine}/interpreters/{arm}.json",
            arm=CAMPAIGN.arms,
            allow_missing=True,
        ),
        parity="results/{machine}/interpreters/parity.json",
        calibrations=expand(
            "results/{machine}/calibration/{workload}.json",
            workload=CAMPAIGN.plan.workloads,
            allow_missing=True,
        ),
        records=CAMPAIGN.records,
        second_look="results/{machine}/second-look.json",
        judgements=lambda w: REFINEMENT.judgements(),
        added=lambda w: REFINEMENT.added(),
    output:
        parquet="results/{machine}/trials.parquet",
        csv="results/{machine}/trials.csv.gz",
        package="results/{machine}/datapackage.json",
    log:
        "results/{machine}/logs/collect.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.parquet, parent=True),
    shell:
        "python -m threads_or_processes.analysis collect --plan {input.plan:q} "
        "--interpreters {params.folder:q}/interpreters --records {params.folder:q} "
        "--judgements {input.judgements:q} "
        "--parquet {output.parquet:q} --csv {output.csv:q} --package {output.package:q} "
        "2>&1 | tee {log:q}"
