"""What comes over HTTP as JSON, or as a form with one file and what is said of it: read once for all of the slice."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from riskmap.base import refused, scratch
from riskmap.base.errors import Invalid
from riskmap.base.forms import parts_of
from riskmap.base.settings import Settings
from riskmap.exchange.uploads import copy_hashed

M = TypeVar("M", bound=BaseModel)
LAYER = "SHP（打成 zip）、GPKG 或 GeoJSON"
MOST_LAYER = 64 << 20


def is_form(request: Request) -> bool:
    """Whether a file comes, and not JSON."""
    return request.headers.get("content-type", "").startswith("multipart/")


async def as_json(request: Request, model: type[M], wrong: str) -> M:
    """The body. Raises Invalid, which says `wrong` of fields that are."""
    try:
        return model.model_validate(await request.json())
    except json.JSONDecodeError:
        raise Invalid("内容应为 JSON，或用表单上传文件。", code="not_json") from None
    except ValidationError as error:
        raise Invalid(wrong, errors=refused.model_errors(error, model)) from None


async def as_form(
    request: Request, act: Callable[[FormData], dict[str, Any]], *, fields: int, field_bytes: int
) -> dict[str, Any]:
    """What becomes of a form with one file, worked on beside the loop; its parts are closed at the end."""
    form = await parts_of(request, files=1, fields=fields, field_bytes=field_bytes)
    try:
        return await run_in_threadpool(act, form)
    finally:
        await form.close()


def file_of(form: FormData, what: str) -> UploadFile:
    """The part `file`. Raises Invalid; `what` is to be chosen where it is missing."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid(f"没有收到文件，请选择{what}。", code="no_file")
    return file


def said_of(form: FormData, model: type[M], wrong: str, **otherwise: str) -> M:
    """The fields beside the file, empty ones left out; `otherwise` where none is given. Raises Invalid."""
    texts = {name: value for name, value in form.items() if isinstance(value, str) and value.strip()}
    try:
        return model.model_validate({**otherwise, **texts})
    except ValidationError as error:
        raise Invalid(wrong, errors=refused.model_errors(error, model)) from None


@contextmanager
def layer(settings: Settings, file: UploadFile) -> Iterator[Path]:
    """An uploaded layer on disk, while it is read. Raises TooLarge."""
    with scratch.folder(settings, "layer") as folder:
        path = folder / ("upload.gpkg" if (file.filename or "").lower().endswith(".gpkg") else "upload")
        copy_hashed(file.file, path, MOST_LAYER)
        yield path
