# Needs:    the config and the files of claims that it names.
# Produces: results/<machine>/plan.json.


rule write_plan:
    input:
        claims=CAMPAIGN.claim_files,
    output:
        plan="results/{machine}/plan.json",
    log:
        "results/{machine}/logs/plan.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        config=json.dumps(config),
    shell:
        "python -m threads_or_processes.pipeline.campaign --config {params.config:q} --out {output.plan:q} 2> {log:q}"
