"""How far the first screen's answers can be trusted, in a few sentences."""

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.sections import quality


def told(evidence: Evidence) -> str:
    """Blocks and intervals, the noise floor, how many cells stand on disturbed times."""
    campaign, tables = evidence.campaign, evidence.tables
    timed = [row for row in tables.cells if row.timing != "memory"]
    disturbed = sum("disturbed" in row.flags.split() for row in timed)
    watched = any(row.quiet_share_ratio is not None for row in timed)
    sentences = []
    if campaign.blocks > 1:
        sentences.append(
            f"Each ratio has its {text.percent(campaign.confidence)} interval in brackets, over "
            f"{words.blocks(campaign)}; what two statistical methods do not both say of it is "
            "called “not settled”."
        )
    sentences.append(quality.noise_floor(evidence))
    if not watched:
        sentences.append("Nothing told quiet times from disturbed ones here.")
    elif disturbed:
        sentences.append(
            f"For {text.fixed(disturbed, 0)} of {text.count(len(timed), 'timed cell')} neighbours "
            "on the hardware were too seldom quiet: their times are disturbed ones."
        )
    else:
        sentences.append("All times compared are of quiet moments.")
    return " ".join(sentences)
