# Needs:    an archived data set with its datapackage.json, from any machine.
# Produces: what measuring leaves, in a folder of its own: the plan, the identities, the data set.


rule unpack_dataset:
    input:
        dataset=lambda w: CAMPAIGN.dataset_of(w),
        package=lambda w: CAMPAIGN.package_of(w),
    output:
        plan=CAMPAIGN.results / "plan.json",
        identities=CAMPAIGN.identities,
        parity=CAMPAIGN.results / "interpreters/parity.json",
        csv=CAMPAIGN.results / "trials.csv.gz",
        trials=CAMPAIGN.results / "trials.parquet",
        repetitions=CAMPAIGN.results / "repetitions.parquet",
        package_copy=CAMPAIGN.results / "datapackage.json",
    log:
        CAMPAIGN.results / "logs/unpack.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.plan, parent=True),
    shell:
        "python -m threads_or_processes.analysis unpack --dataset {input.dataset[0]:q} "
        "--package {input.package:q} --out {params.folder:q} > {log:q} 2>&1"
