# Needs:    the arms' identities.
# Produces: one calibration a workload, then one record a trial, in the plan's order.
#
# Identities are `ancient` inputs: they are made again cheaply, and what re-runs a trial is what they
# say (`params.anew`), not when they were written. Calibrations are not: one that is made again finds
# another size, and behind an ancient input that is being made Snakemake asks for no other reason.


rule calibrate:
    input:
        identity=ancient(f"results/{{machine}}/interpreters/{CAMPAIGN.arms[0]}.json"),
    output:
        calibration="results/{machine}/calibration/{workload}.json",
    log:
        "results/{machine}/logs/calibration/{workload}.log",
    priority: 1_000_000
    conda:
        "../../environment.yml"
    resources:
        machine=100,
    params:
        request=lambda w: json.dumps(CAMPAIGN.calibration_request(w.workload)),
    shell:
        "python -m workflow.trial calibrate --request {params.request:q} --identity {input.identity:q} "
        "--out {output.calibration:q} 2> {log:q}"


rule measure_trial:
    input:
        identity=ancient("results/{machine}/interpreters/{arm}.json"),
        calibration="results/{machine}/calibration/{workload}.json",
    output:
        record="results/{machine}/trials/{workload}/{model}/{workers}/{arm}/{timing}/{block}.json",
    log:
        "results/{machine}/logs/trials/{workload}/{model}/{workers}/{arm}/{timing}/{block}.log",
    priority: CAMPAIGN.priority
    conda:
        "../../environment.yml"
    resources:
        machine=100,
        position=CAMPAIGN.position,
    params:
        order=CAMPAIGN.order,
        anew=CAMPAIGN.made_anew_by,
        sentinel=str(CAMPAIGN.results / "sentinel.json"),
        archive=str(CAMPAIGN.results / "archive"),
    shell:
        "python -m workflow.trial measure --order {params.order:q} "
        "--position {resources.position} --identity {input.identity:q} "
        "--calibration {input.calibration:q} --sentinel {params.sentinel:q} --archive {params.archive:q} "
        "--out {output.record:q} 2> {log:q}"
