# Needs:    the config and the files of claims that it names.
# Produces: results/<machine>/plan.json, in this process (`force-use-threads` in the profiles). Without
#           that, Snakemake starts once more, reads the Snakefile and so makes the plan again.


rule write_plan:
    input:
        claims=lambda w: CAMPAIGN.claim_files,
    output:
        plan=CAMPAIGN.results / "plan.json",
    log:
        CAMPAIGN.results / "logs/plan.log",
    resources:
        machine=1,
    params:
        plan=CAMPAIGN.plan_sha256,
    run:
        CAMPAIGN.write_plan(Path(output.plan), log=Path(log[0]))
