"""The strict base class of the config's sections, and the types of their values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(ge=1, lt=2**31)]
Threads = Annotated[int, Field(ge=1, le=1024)]
"""Far more threads or processes than that end a process before it has begun."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]
SplitSize = Annotated[int, Field(ge=0)] | Fraction
"""A number of rows, or a share of them below 1."""


class Section(BaseModel):
    """A frozen section. An unknown key, or a value of another type, is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
