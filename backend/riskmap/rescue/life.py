"""Whether an object of the register may be proposed for anything: only while it is in use.

Teams, shelters, stores, places to stand by, what a page of a place lists as help: all ask here. Whoever decides may
still name one that is out of use; then its stage is said wherever it is named.
"""

from riskmap.catalogue.model import LIVE_STAGES, STAGES
from riskmap.selection.describe import STAGE_WORDS

_IN_USE = STAGES[0]


def out_of_use(stage: str) -> str:
    """That an object is registered as not in use, in the register's words; empty for one that is in use."""
    return "" if stage == _IN_USE else f"登记为{STAGE_WORDS.get(stage, stage)}"


def left_register(stage: str) -> str:
    """How an object that is live no more is said to be: by its stage, 已销号 or closed, which may be turned back; else
    its life was ended."""
    return "已注销" if stage in LIVE_STAGES else STAGE_WORDS.get(stage, stage)
