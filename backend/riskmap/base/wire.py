"""What all bodies of requests share."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

# One line or several, without control characters.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]

PHONE_SAID = "应为电话号码：写数字，可带“+”“-”、空格和“转”，几个号码用“、”分开"


def is_phone(text: str) -> bool:
    """Whether something can be dialled: it has digits and no foreign letters, but for an extension (“ext. 3”). Words
    beside the number may stand: lists that are imported have “值班室 8226000 转 3” and “138…/139…”."""
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"(?i)(?<![a-z])ext(?![a-z])", "", plain)
    return bool(re.search(r"[0-9]", plain)) and not re.search(r"[A-Za-z]", plain)


def _phone(text: str) -> str:
    if text and not is_phone(text):
        raise ValueError(PHONE_SAID)
    return text


def refusal(code: str, said: str) -> PydanticCustomError:
    """What a validator raises that has its own code, and a whole sentence for the sender."""
    return PydanticCustomError(code, "{said}", {"said": said})


# One telephone or several, as they are dialled; empty: not known.
Phone = Annotated[Text, StringConstraints(max_length=30), AfterValidator(_phone)]


class Wire(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")
