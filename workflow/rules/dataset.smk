# Needs:    the plan, the identities and the record of every trial, those included that were added.
# Produces: the data set, and the package that describes it; a copy of both in results/baselines,
#           under its date, for `baseline: previous`.


rule collect_trials:
    input:
        plan=CAMPAIGN.results / "plan.json",
        identities=CAMPAIGN.identities,
        parity=CAMPAIGN.results / "interpreters/parity.json",
        calibrations=CAMPAIGN.calibrations,
        records=CAMPAIGN.records,
        second_look=CAMPAIGN.results / "second-look.json",
        decisions=lambda w: BLOCKS.decisions(),
        added=lambda w: BLOCKS.added(),
    output:
        csv=CAMPAIGN.results / "trials.csv.gz",
        trials=CAMPAIGN.results / "trials.parquet",
        repetitions=CAMPAIGN.results / "repetitions.parquet",
        package=CAMPAIGN.results / "datapackage.json",
    log:
        CAMPAIGN.results / "logs/collect.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.package, parent=True),
        code=json.dumps(CAMPAIGN.code),
        states=CAMPAIGN.states,
    shell:
        "python -m threads_or_processes.analysis collect --plan {input.plan:q} "
        "--interpreters {params.folder:q}/interpreters --records {params.folder:q} "
        "--rounds {input.decisions:q} --out {params.folder:q} "
        "--code {params.code:q} --states {params.states:q} > {log:q} 2>&1"
