"""Sessions of a campaign: it may have been continued on another occasion."""

import pandas as pd

from threads_or_processes.analysis.groups_of_blocks import Groups
from threads_or_processes.records.tables.measured import SessionRow

#: A longer pause between the starts of two trials begins a session. No trial takes as long.
SESSION_GAP_NS = 3600 * 10**9


def sessions_of(values: pd.DataFrame) -> Groups:
    """The session in which most of a block's trials began (`trial_values` in)."""
    starts = values.sort_values("started_unix_ns")
    began = (starts["started_unix_ns"].diff() > SESSION_GAP_NS).fillna(value=False)
    by_block = (1 + began.cumsum()).groupby(starts["block"]).agg(lambda of: int(of.mode().iloc[0]))
    blocks, sessions = by_block.index.to_list(), by_block.to_list()
    places = {session: place for place, session in enumerate(sorted(set(sessions)), start=1)}
    return {block: places[session] for block, session in zip(blocks, sessions, strict=True)}


def sessions_table(values: pd.DataFrame, sessions: Groups) -> list[SessionRow]:
    """One row for each session, in the order of time."""
    of_trial = values["block"].map(dict(sessions))
    return [
        SessionRow(
            session=int(session),
            blocks=int(group["block"].nunique()),
            trials=len(group),
            first_unix_ns=int(group["started_unix_ns"].min()),
            last_unix_ns=int(group["started_unix_ns"].max()),
        )
        for session, group in values.groupby(of_trial)
    ]
