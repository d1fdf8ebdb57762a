# Needs:    the config's machines.
# Produces: the data set of each machine, measured by one job alone on a node there. What comes after
#           runs at the head, by the rules for archived data sets.


wildcard_constraints:
    machine="|".join(CAMPAIGN.jobs),


localrules:
    pack_interpreters,
    configure_machine,
    unpack_dataset,
    estimate_tables,
    render_report,
    compare_machines,
    export_results,
    pack_results,
    report,


rule pack_interpreters:
    output:
        parcel=CAMPAIGN.parcel,
    log:
        CAMPAIGN.parcel.with_suffix(".log"),
    conda:
        "../../environment.yml"
    params:
        request=json.dumps(asdict(CAMPAIGN.interpreter_request)),
        folder=CAMPAIGN.parcel.with_suffix(""),
        made_for=json.dumps(CAMPAIGN.interpreter_keys),
    shell:
        "python -m threads_or_processes.interpreters --request {params.request:q} "
        "--made-for {params.made_for:q} --out {params.folder:q} --pack {output.parcel:q} 2>&1 | show_and_log {log:q}"


rule configure_machine:
    output:
        config=CAMPAIGN.folder / "config.json",
    log:
        CAMPAIGN.folder / "config.log",
    params:
        config=CAMPAIGN.config_of,
    run:
        Path(output.config).write_text(params.config, encoding="utf-8")


# A rule for each machine, so that `--set-resources` can name it and no job array spans two.
for job in CAMPAIGN.jobs.values():

    rule:
        name:
            job.rule
        input:
            config=job.folder / "config.json",
            parcel=ancient(CAMPAIGN.parcel) if job.has_parcel else [],
            files=CAMPAIGN.config_files,
        output:
            dataset=job.folder / "trials.csv.gz",
            package=job.folder / "datapackage.json",
        log:
            job.folder / LOG_FILE,
        retries: 0
        conda:
            "../../environment.yml"
        resources:
            **job.resources,
        params:
            options=job.options,
            interpreters=CAMPAIGN.interpreter_keys,
            folder=subpath(output.package, parent=True),
        shell:
            "python -m threads_or_processes.pipeline.node --config {input.config:q} {params.options:q} "
            "--parcel {input.parcel:q} --file {input.files:q} --out {params.folder:q} 2>&1 | show_and_log {log:q}"
