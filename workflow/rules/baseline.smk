# Needs:    the data set and its package, and the baseline that the config names.
# Produces: the baseline, if there is none of this name; else what changed since.

if CAMPAIGN.to_keep:

    rule keep_baseline:
        input:
            trials=CAMPAIGN.results / "trials.csv.gz",
            package=CAMPAIGN.results / "datapackage.json",
        output:
            trials=protected(str(CAMPAIGN.to_keep[0])),
            package=protected(str(CAMPAIGN.to_keep[1])),
        log:
            CAMPAIGN.results / "logs/baseline.log",
        conda:
            "../../environment.yml"
        resources:
            machine=1,
        params:
            folder=subpath(output.trials, parent=True),
        shell:
            "python -m threads_or_processes.analysis keep --trials {input.trials:q} "
            "--package {input.package:q} --out {params.folder:q} > {log:q} 2>&1"

elif CAMPAIGN.changes:

    rule compare_with_baseline:
        input:
            trials=CAMPAIGN.results / "trials.parquet",
            repetitions=CAMPAIGN.results / "repetitions.parquet",
            package=CAMPAIGN.results / "datapackage.json",
            baseline=CAMPAIGN.baseline.files,
        output:
            changes=CAMPAIGN.changes,
        log:
            CAMPAIGN.results / "logs/baseline.log",
        conda:
            "../../environment.yml"
        resources:
            machine=1,
        params:
            options=CAMPAIGN.baseline.options,
            folder=subpath(output[0], parent=True),
        shell:
            "python -m threads_or_processes.analysis compare {params.options:q} "
            "--trials {input.trials:q} --package {input.package:q} --out {params.folder:q} "
            "> {log:q} 2>&1"
