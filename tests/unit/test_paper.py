"""The process that fills templates: what it cannot do, even past the sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

from riskmap.base.settings import GEODATA, REPOSITORY


@pytest.mark.parametrize(
    "act",
    [
        "os.system('true')",
        "os.popen('id')",
        "subprocess.run(['id'])",
        "socket.create_connection(('127.0.0.1', 9))",
        "open('/etc/passwd').read()",
        "os.listdir('/')",
        "os.fork()",
    ],
)
def test_no_program_file_or_address_is_within_its_reach(act: str) -> None:
    lines = (
        "import os, socket, subprocess, sys",
        "from riskmap.paper import filled",
        "blank = filled._blank()",
        "filled._filled(blank, filled._TRIAL, {'n': filled._PICTURE})",
        "sys.addaudithook(filled._watch)",
        "filled._filled(blank, filled._TRIAL, {'n': filled._PICTURE})",
        "print('filled')",
        act,
    )
    code = "\n".join(lines)
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "filled" in done.stdout
    assert "PermissionError" in done.stderr


def test_the_shipped_templates_are_what_their_script_makes(tmp_path: Path) -> None:
    code = (
        "import importlib.util, pathlib, sys;"
        f"spec = importlib.util.spec_from_file_location('make', {str(GEODATA / 'templates' / 'make.py')!r});"
        "make = importlib.util.module_from_spec(spec); spec.loader.exec_module(make);"
        f"make.FOLDER = pathlib.Path({str(tmp_path)!r}); make.REPORT = make.RESCUE = make.FOLDER;"
        "make.notice(); make.commitment(); make.checklist(); make.report(); make.log()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)
    import docx

    for path in sorted((GEODATA / "templates").glob("*/*.docx")):
        shipped, made = docx.Document(str(path)), docx.Document(str(tmp_path / path.name))
        assert shipped.element.body.xml == made.element.body.xml
