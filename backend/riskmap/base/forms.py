"""Forms with files (multipart), spooled to disk; async, since a body comes in pieces."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from riskmap.base.errors import Invalid

_FIELDS, _FIELD_BYTES = 4, 1 << 10  # beside one file


async def parts_of(request: Request, *, files: int, fields: int, field_bytes: int) -> FormData:
    """The parts, to be closed by who asked. Raises Invalid."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Invalid("请用表单（multipart/form-data）上传文件。", code="not_multipart")
    return await request.form(max_files=files, max_fields=fields, max_part_size=field_bytes)


@asynccontextmanager
async def one_file(request: Request, what: str) -> AsyncIterator[tuple[UploadFile, FormData]]:
    """The part `file` and all parts, closed at the end. Raises Invalid; `what` is to be chosen where it is missing."""
    form = await parts_of(request, files=1, fields=_FIELDS, field_bytes=_FIELD_BYTES)
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid(f"没有收到文件，请选择{what}。", code="no_file")
        yield file, form
    finally:
        await form.close()
