# Needs:    the arms' identities.
# Produces: one calibration a workload, then one record a trial, in the plan's order; then the retry pass
#           (`look_again`) over those that saw no quiet moment, which may put a quieter try in a
#           record's place.
#
# An identity made for what is asked for now is an `ancient` input: when it is made again, as for an
# arm that joins, what re-runs a trial is what it says (`params.rerun_when`). Calibrations are not: one that
# is made again finds another size.


rule calibrate:
    input:
        identity=lambda w: CAMPAIGN.identity(CAMPAIGN.arms[0], ancient),
    output:
        calibration=CAMPAIGN.results / "calibration/{workload}.json",
    log:
        CAMPAIGN.results / "logs/calibration/{workload}.log",
    priority: 1_000_000
    retries: 0
    conda:
        "../../environment.yml"
    resources:
        machine=100,
    params:
        request=lambda w: json.dumps(CAMPAIGN.calibration_request(w.workload)),
        machine=json.dumps(dict(CAMPAIGN.plan.fingerprint)),
    shell:
        "python -m threads_or_processes.trial calibrate --request {params.request:q} --identity {input.identity:q} "
        "--machine {params.machine:q} --out {output.calibration:q} 2> {log:q}"


rule measure_trial:
    input:
        identity=lambda w: CAMPAIGN.trial_identity(w, ancient),
        calibration=CAMPAIGN.results / "calibration/{workload}.json",
    output:
        record=CAMPAIGN.results
        / "trials/{workload}/{model}/{workers}/{arm}/{timing}/{block}.json",
    log:
        CAMPAIGN.results
        / "logs/trials/{workload}/{model}/{workers}/{arm}/{timing}/{block}.log",
    priority: CAMPAIGN.priority
    retries: 0
    conda:
        "../../environment.yml"
    resources:
        machine=100,
        # No parameter: a trial whose place in the order changes, because cells join, stays as it is.
        position=CAMPAIGN.position,
    params:
        spec=CAMPAIGN.spec,
        rerun_when=CAMPAIGN.rerun_when_changed,
        machine=json.dumps(dict(CAMPAIGN.plan.fingerprint)),
        sentinel=str(CAMPAIGN.results / "sentinel.json"),
        archive=str(CAMPAIGN.results / "archive"),
    shell:
        'exec python -I -S "$PYTHONPATH/threads_or_processes/trial/client.py" measure --spec {params.spec:q} '
        "--position {resources.position} --identity {input.identity:q} "
        "--calibration {input.calibration:q} --sentinel {params.sentinel:q} --archive {params.archive:q} "
        "--machine {params.machine:q} --out {output.record:q} 2> {log:q}"


rule look_again:
    input:
        plan=ancient(CAMPAIGN.results / "plan.json"),
        identities=lambda w: [
            CAMPAIGN.identity(one.name, ancient) for one in CAMPAIGN.plan.interpreters
        ],
        records=CAMPAIGN.records,
    output:
        account=CAMPAIGN.results / "second-look.json",
    log:
        CAMPAIGN.results / "logs/second-look.log",
    retries: 0
    conda:
        "../../environment.yml"
    resources:
        machine=100,
    params:
        folder=subpath(output.account, parent=True),
    shell:
        "python -m threads_or_processes.trial retry --plan {input.plan:q} --results {params.folder:q} "
        "--out {output.account:q} 2>&1 | show_and_log {log:q}"
