"""From a request's query to a snapshot and a selection: the same way for every output."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.base.errors import Conflict, FieldError, Invalid
from riskmap.selection import model, saved
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a selection at a moment, and whether the address names its state and rights."""

    snapshot: Snapshot
    selection: Selection
    pinned: bool  # state= and r= were given and right: the answer never changes


def multi(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Query pairs by name, repeated values kept in order."""
    out: dict[str, list[str]] = {}
    for name, value in pairs:
        out.setdefault(name, []).append(value)
    return out


def asked(snapshot: Snapshot, pairs: Iterable[tuple[str, str]], own: frozenset[str] = frozenset()) -> Asked:
    """Parse everything but the endpoint's `own` parameters.

    `state=` and `r=` pin the answer; a state that is unknown or newer, or rights that are
    not the caller's, raise Conflict (409): the address is not for this caller now.
    """
    params = {name: values for name, values in multi(pairs).items() if name not in own}
    n = _pin(params, "state")
    rights = _pin(params, "r")
    if rights is not None and rights != snapshot.reader.fingerprint:
        raise Conflict("这个地址是按别的权限生成的，请刷新页面", code="other_rights")
    state = None
    if n is not None:
        if not (n.isascii() and n.isdigit() and len(n) <= 18):
            raise Invalid("state 应为数据状态号", errors=[FieldError("state", "not_a_state", "应为数字")])
        state = int(n)
    return Asked(*read(snapshot, params, state), pinned=state is not None and rights is not None)


def _pin(params: dict[str, list[str]], name: str) -> str | None:
    values = params.pop(name, None)
    if values is None:
        return None
    if len(set(values)) > 1:
        raise Invalid(f"{name} 只能给一次", errors=[FieldError(name, "given_twice", "只能给一次")])
    return values[0]


def read(
    snapshot: Snapshot, params: Mapping[str, Sequence[str]], state: int | None = None, *, within: Any = None
) -> tuple[Snapshot, Selection]:
    """The snapshot of the asked moment and the selection in that moment's catalogue."""
    params, saved_area = saved.expand(snapshot.connection, params)
    as_of = [v.strip() for v in params.get("as_of", []) if v.strip()]
    moment = snapshot.at(as_of[0] if as_of else None, state)
    area = within if within is not None else saved_area
    return moment, model.parse(params, moment.catalogue, within=area)
