"""What all bodies of requests share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# One line or several, without control characters.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


class Wire(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")
