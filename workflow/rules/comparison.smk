# Needs:    this campaign's tables, and those of other machines that lie beside them in results/.
# Produces: report/compare.html (compare-<campaign>.html): where machines agree and where they differ.

OTHERS = CAMPAIGN.others


rule compare_machines:
    input:
        own=CAMPAIGN.tables,
        package=CAMPAIGN.results / "datapackage.json",
        others=[
            file
            for folder in OTHERS
            for file in [
                folder / "trials.csv.gz",
                *sorted(folder.glob("tables/*.csv")),
            ]
        ],
    output:
        html=report(
            f"report/{CAMPAIGN.comparison}.html",
            caption="../report/compare.rst",
            category="Report",
            labels={"page": "machines compared"},
        ),
    log:
        CAMPAIGN.results / "logs/compare.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folders=[CAMPAIGN.results, *OTHERS],
    shell:
        "python -m threads_or_processes.reporting compare --out {output.html:q} {params.folders:q} "
        "2>&1 | tee {log:q}"
