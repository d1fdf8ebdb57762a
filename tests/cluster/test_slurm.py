"""The real pipeline through the real plugin, on two virtual nodes."""

import contextlib
import gzip
import re
import socket
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from threads_or_processes.pipeline.executor import why_unavailable

from tests.cluster.conftest import (
    SMALL_SWEEP,
    Cancelled,
    Head,
    archived_in,
    records_in,
    trial_ids,
)


def fingerprint(head: Head, machine: str) -> dict[str, Any]:
    plan = next(one for one in head.package(machine)["resources"] if one["name"] == "plan")
    found: dict[str, Any] = plan["data"]["machine"]["fingerprint"]
    return found


def jobs_so_far() -> int:
    """How many jobs the cluster has had."""
    told = subprocess.run(["scontrol", "show", "jobs"], capture_output=True, text=True).stdout
    return len(re.findall(r"^JobId=", told, re.MULTILINE))


def test_each_machine_has_its_own_data_set_and_report(sent: Head) -> None:
    assert [fingerprint(sent, name)["logical_cpus"] for name in ("fast", "slow")] == [1, 2]
    pages = {path.name for path in (sent.folder / "report").glob("*.html")}
    assert pages == {"fast-tiny.html", "slow-tiny.html", "compare-tiny.html"}
    compared = (sent.folder / "report/compare-tiny.html").read_text(encoding="utf-8")
    assert all(name in compared for name in ("fast", "slow"))


def test_trials_run_in_their_planned_order_with_nothing_beside_them(sent: Head) -> None:
    for name in ("fast", "slow"):
        records = sorted(sent.records_on(name, name).values(), key=lambda one: one["position"])
        assert len(records) > 3
        for one, following in pairwise(records):
            assert one["ended_monotonic_ns"] <= following["started_monotonic_ns"]


def test_no_host_name_is_published(sent: Head) -> None:
    host = re.compile(rf"(?<![\w-]){re.escape(socket.gethostname())}(?![\w-])")
    published = [*(sent.folder / "results").rglob("*"), *(sent.folder / "report").rglob("*")]
    for file in published:
        if file.suffix in {".json", ".csv", ".html", ".svg"} and file.is_file():
            assert not host.search(file.read_text(encoding="utf-8")), file
        elif file.name.endswith(".csv.gz"):
            assert not host.search(gzip.decompress(file.read_bytes()).decode()), file


def test_a_second_run_sends_nothing(sent: Head) -> None:
    before = jobs_so_far()
    assert "Nothing to be done" in sent.report()
    assert jobs_so_far() == before


def test_a_cancelled_job_is_named_and_others_go_on(cancelled: Cancelled) -> None:
    assert "machine slow is not finished" in cancelled.said
    assert f"{len(cancelled.kept)} of about" in cancelled.said
    assert "machine fast" not in cancelled.said
    assert "measuring on slow with all CPUs (2)" in cancelled.said  # what its job said
    assert (cancelled.head.folder / "report/fast-tiny.html").exists()


def test_nothing_of_a_cancelled_job_is_left_on_its_node(cancelled: Cancelled) -> None:
    assert cancelled.alive == []


def test_the_same_command_resumes_on_the_same_node(cancelled: Cancelled, sent: Head) -> None:
    after = sent.records_on("slow", "slow")
    assert len(after) > len(cancelled.kept) >= 2
    # The trial in hand at that moment may be measured again.
    assert len(trial_ids(cancelled.kept) - trial_ids(after)) <= 1
    assert not sent.records_on("slow", "fast")


def test_ctrl_c_cancels_the_jobs_and_the_same_command_resumes(cancelled: Cancelled) -> None:
    assert "machine slow is not finished" in cancelled.said_at_ctrl_c
    assert cancelled.jobs_at_ctrl_c == []
    assert len(trial_ids(cancelled.kept_at_ctrl_c) - trial_ids(cancelled.kept)) <= 1


def test_a_job_that_outlives_its_head_is_waited_for_and_nothing_is_measured_twice(
    cancelled: Cancelled, sent: Head
) -> None:
    before, after = (head.node("slow", "slow") for head in (cancelled.head, sent))
    new = trial_ids(records_in(after)) - trial_ids(records_in(before))
    assert archived_in(after) - archived_in(before) == new
    assert len(new) > 2


def test_where_the_node_is_down_it_begins_again_elsewhere_if_told_so(
    cancelled: Cancelled, tmp_path: Path
) -> None:
    head = cancelled.head.copy(tmp_path / "head")
    head.configure({**SMALL_SWEEP, "machines": {"slow": {"cpus": 1, "elsewhere": True}}})
    with node_down("slow"):
        assert why_unavailable("slow") == "that node is down (test)"
        assert why_unavailable("fast") is None
        assert why_unavailable("n017") == "Slurm knows no such node"
        head.measure_only("slow")
    assert head.records_on("slow", "slow") == cancelled.kept
    assert len(head.records_on("slow", "fast")) > len(cancelled.kept)


@contextlib.contextmanager
def node_down(node: str) -> Iterator[None]:
    """A node that takes no jobs."""

    def update(state: str) -> None:
        change = [f"NodeName={node}", f"State={state}", "Reason=test"]
        subprocess.run(["scontrol", "update", *change], check=True)

    update("DOWN")
    yield
    update("RESUME")
