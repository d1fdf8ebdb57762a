# Needs:    this campaign's tables, and those of machines of other names next to them in results/.
# Produces: report/compare.html (compare-<campaign>.html): where machines agree and where they differ.


rule compare_machines:
    input:
        CAMPAIGN.compared_files,
    output:
        html=report(
            CAMPAIGN.page(CAMPAIGN.comparison),
            caption="../report/compare.rst",
            category="Report",
            labels={"page": "machines compared"},
        ),
    log:
        CAMPAIGN.results.parent / f"{CAMPAIGN.comparison}.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folders=CAMPAIGN.compared,
    shell:
        "python -m threads_or_processes.reporting compare --out {output.html:q} {params.folders:q} "
        "> {log:q} 2>&1"
