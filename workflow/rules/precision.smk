# Needs:    every planned trial's record, and those that earlier rounds added.
# Produces: one stopping decision a round: which cells' intervals are still too wide and get more blocks.
#           Nothing without the config's `precision`.


checkpoint decide_stopping:
    input:
        plan=CAMPAIGN.results / "plan.json",
        identities=CAMPAIGN.identities,
        records=CAMPAIGN.records,
        second_look=CAMPAIGN.results / "second-look.json",
        earlier=lambda w: BLOCKS.decisions(int(w.round) - 1),
        added=lambda w: BLOCKS.added(int(w.round) - 1),
    output:
        decision=CAMPAIGN.results / "precision/{round}.json",
    log:
        CAMPAIGN.results / "logs/precision/{round}.log",
    wildcard_constraints:
        round="[1-9][0-9]*",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.decision, ancestor=2),
    shell:
        "python -m threads_or_processes.analysis decide --plan {input.plan:q} "
        "--interpreters {params.folder:q}/interpreters --records {params.folder:q} "
        "--rounds {input.earlier:q} --out {output.decision:q} 2>&1 | show_and_log {log:q}"
