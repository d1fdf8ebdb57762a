# Needs:    every planned trial's record, and those that earlier rounds added.
# Produces: one judgement a round: which cells' intervals are still too wide and get more blocks.
#           Nothing without the config's `precision`.
from threads_or_processes.pipeline.adaptive_blocks import Refinement

REFINEMENT = Refinement(
    CAMPAIGN,
    lambda number: checkpoints.judge_precision.get(
        machine=CAMPAIGN.machine, round=str(number)
    ),
)
ANNOUNCEMENT = lambda: REFINEMENT.announcement(
    records_ahead(workflow), round_ahead(workflow)
)


checkpoint judge_precision:
    input:
        plan="results/{machine}/plan.json",
        identities=expand(
            "results/{machine}/interpreters/{arm}.json",
            arm=CAMPAIGN.arms,
            allow_missing=True,
        ),
        records=CAMPAIGN.records,
        second_look="results/{machine}/second-look.json",
        earlier=lambda w: REFINEMENT.judgements(int(w.round) - 1),
        added=lambda w: REFINEMENT.added(int(w.round) - 1),
    output:
        judgement="results/{machine}/precision/{round}.json",
    log:
        "results/{machine}/logs/precision/{round}.log",
    wildcard_constraints:
        round="[1-9][0-9]*",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        folder=subpath(output.judgement, ancestor=2),
    shell:
        "python -m threads_or_processes.analysis judge --plan {input.plan:q} "
        "--interpreters {params.folder:q}/interpreters --records {params.folder:q} "
        "--judgements {input.earlier:q} --out {output.judgement:q} 2>&1 | tee {log:q}"
