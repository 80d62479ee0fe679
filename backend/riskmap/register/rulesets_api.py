"""Rule sets and policies over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.register import rulesets
from riskmap.register.classes_api import inner
from riskmap.register.rulesets_draft import Adoption, Trial
from riskmap.store.dependencies import ReadSnapshot, whole_snapshot, whole_write_snapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(
    prefix="/api/rulesets", route_class=ExactRoute, default_response_class=ExactResponse, tags=["catalogue"]
)

_ACT = "试算和采用规则集、对应表"
WholeSnapshot = Annotated[Snapshot, Depends(whole_snapshot(_ACT), scope="function")]
WholeWriteSnapshot = Annotated[Snapshot, Depends(whole_write_snapshot(_ACT), scope="function")]


@router.get("", dependencies=[Depends(inner)])
def list_rulesets(snapshot: ReadSnapshot) -> Any:
    """The rule set in force with its bands, the sets to choose from, and those that ever were."""
    return rulesets.listed(snapshot)


@router.post("/trial")
def try_ruleset(body: Trial, snapshot: WholeSnapshot) -> Any:
    """What adopting a rule set or a policy would change (administrator); nothing is written."""
    return rulesets.tried(snapshot, body)


@router.post("/adopt")
def adopt_ruleset(body: Adoption, snapshot: WholeWriteSnapshot) -> Any:
    """Adopt a rule set or a policy from today on (administrator): one state, with all grades that it changes."""
    return rulesets.adopt(snapshot, body)
