"""docs/standards.md lists what the rules cite, and nothing else."""

import importlib
import pkgutil
import re

from riskmap import standards
from riskmap.base.settings import GEODATA, REPOSITORY
from riskmap.standards.result import Clause
from riskmap.standards.table import read

MODULES = {
    m.name: importlib.import_module(f"riskmap.standards.{m.name}") for m in pkgutil.iter_modules(standards.__path__)
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (REPOSITORY / "docs" / "standards.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| 标准 |")
]


def test_every_cited_clause_is_listed_with_its_tag_and_no_other() -> None:
    in_tables = {row.clause for table in read(GEODATA / "standards").values() for row in table.rows}
    in_rules = {value for module in MODULES.values() for value in vars(module).values() if isinstance(value, Clause)}
    listed = {(edition, clause, tag) for edition, clause, _, _, _, tag in ROWS}
    assert {(c.edition, c.number, str(c.tag)) for c in in_tables | in_rules} == listed


def test_every_listed_function_and_test_is_there() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests/unit/standards").glob("*.py"))
    for _, clause, _, function, test, _ in ROWS:
        module, name = function.strip("`").split(".")
        assert callable(getattr(MODULES[module], name)), clause
        assert re.search(rf"^def {test.strip('`')}\(", tests, re.MULTILINE), test
