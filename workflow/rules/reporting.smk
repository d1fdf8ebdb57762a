# Needs:    the plan, the identities, the data set and its tables.
# Produces: the figures, report/<campaign>.html made of all of these, and its summary, <campaign>.md.
#           With a baseline it says what changed since.


rule render_report:
    input:
        plan=CAMPAIGN.results / "plan.json",
        trials=CAMPAIGN.results / "trials.csv.gz",
        package=CAMPAIGN.results / "datapackage.json",
        identities=CAMPAIGN.identities,
        tables=CAMPAIGN.tables,
        changes=CAMPAIGN.changes,
    output:
        html=report(
            CAMPAIGN.page(CAMPAIGN.name),
            caption="../report/report.rst",
            category="Report",
            labels={"page": "the report"},
        ),
        summary=CAMPAIGN.page(CAMPAIGN.name, "md"),
        figures=report(
            directory(CAMPAIGN.results / "figures"),
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        CAMPAIGN.results / "logs/report.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        results=subpath(input.plan, parent=True),
        prefix=str(PREFIX),
    shell:
        "python -m threads_or_processes.reporting render --plan {input.plan:q} "
        "--tables {params.results:q}/tables --trials {input.trials:q} "
        "--package {input.package:q} --interpreters {params.results:q}/interpreters "
        "--changes {input.changes:q} --prefix {params.prefix:q} --figures {output.figures:q} --summary {output.summary:q} --out {output.html:q} "
        "> {log:q} 2>&1"
