# Needs:    the config's arms and interpreters.
# Produces: one identity file an arm and compilation, and the verdict whether the builds may be compared.
exit_on_user_error(CAMPAIGN.check_interpreters)


rule provide_interpreters:
    output:
        identities=CAMPAIGN.identities,
        parity=CAMPAIGN.results / "interpreters/parity.json",
        made_for=CAMPAIGN.results / "interpreters/made-for.json",
    log:
        CAMPAIGN.results / "logs/interpreters.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        request=json.dumps(asdict(CAMPAIGN.interpreter_request)),
        made_for=json.dumps(CAMPAIGN.interpreter_keys),
        folder=subpath(output.parity, parent=True),
    shell:
        "python -m threads_or_processes.interpreters --request {params.request:q} "
        "--made-for {params.made_for:q} --out {params.folder:q} 2>&1 | show_and_log {log:q}"
