"""Whatever is audited has a word that an officer reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import riskmap
from riskmap.access.trail import ACTIONS, KINDS

ROOT = Path(riskmap.__file__).parent


def audited() -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Where something is audited: place, action, kind."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            place, called = f"{path.name}:{node.lineno}", ast.unparse(node.func)
            if called == "audit.record":
                yield place, node.args[2], node.args[3]
            elif called.endswith("write_audit"):
                yield place, node.args[3], next((k.value for k in node.keywords if k.arg == "kind"), None)


def test_each_action_and_kind_that_is_written_out_has_its_word() -> None:
    found = list(audited())
    assert len(found) > 20
    for place, action, kind in found:
        if isinstance(action, ast.Constant):
            assert action.value in ACTIONS, place
        if isinstance(kind, ast.Constant):
            assert kind.value in KINDS, place
