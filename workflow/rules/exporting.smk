# Needs:    the data set, its tables and the report.
# Produces: only if asked for: export/<machine>/, all that is published, in the formats of other tools
#           too, with SHA256SUMS; and the same as one archive for another machine (tools/unpack).


rule export_results:
    input:
        dataset=[
            CAMPAIGN.results / name
            for name in (
                "trials.csv.gz",
                "trials.parquet",
                "repetitions.parquet",
                "datapackage.json",
            )
        ],
        tables=CAMPAIGN.tables,
        figures=CAMPAIGN.results / "figures",
        html=CAMPAIGN.page(CAMPAIGN.name),
        summary=CAMPAIGN.page(CAMPAIGN.name, "md"),
    output:
        # The last file that is written. A folder as output would get a file of Snakemake's own.
        sums=CAMPAIGN.exported / "SHA256SUMS",
    log:
        CAMPAIGN.results / "logs/export.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        results=subpath(input.figures, parent=True),
        folder=subpath(output.sums, parent=True),
    shell:
        "python -m threads_or_processes.exporting export --results {params.results:q} "
        "--report {input.html:q} --summary {input.summary:q} --out {params.folder:q} 2>&1 | show_and_log {log:q}"


rule pack_results:
    input:
        sums=CAMPAIGN.exported / "SHA256SUMS",
    output:
        archive=f"{CAMPAIGN.exported}.tar.gz",
    log:
        CAMPAIGN.results / "logs/pack.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(input.sums, parent=True),
    shell:
        "python -m threads_or_processes.exporting pack {params.folder:q} --out {output.archive:q} 2>&1 "
        "| show_and_log {log:q}"


rule export:
    input:
        [folder / "SHA256SUMS" for folder in CAMPAIGN.exports],
        LOST,
    localrule: True


rule pack:
    input:
        [f"{folder}.tar.gz" for folder in CAMPAIGN.exports],
        LOST,
    localrule: True
