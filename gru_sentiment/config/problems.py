"""Messages about wrong keys and values: the dotted key, the value and the allowed values."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gru_sentiment.config.sections import Config

USUAL_NAMES = {
    "lr": "learning_rate",
    "bs": "batch_size",
    "wd": "weight_decay",
    "epoch": "epochs",
    "num_epochs": "epochs",
    "max_len": "max_tokens",
    "max_length": "max_tokens",
    "num_layers": "layers",
    "hidden": "hidden_size",
    "embedding_dim": "dimension",
    "grad_clip": "clip_norm",
    "ema": "ema_decay",
    "label": "label_column",
    "text": "text_column",
}
"""Names of keys elsewhere, by which the key here is found."""


def explain(details: ErrorDetails) -> Iterator[tuple[str, str]]:
    """Yield the dotted key and the reason: the value, the allowed values and the nearest name."""
    keys = _dotted(details["loc"])
    key, received = ".".join(keys), details["input"]
    if details["type"] == "value_error":
        # raised by a section's own check: "key: reason", a line each
        for line in str(details["ctx"]["error"]).splitlines():
            wrong, _, reason = line.partition(": ")
            yield ".".join([*keys, wrong]), reason
    elif details["type"] == "extra_forbidden":
        near = _nearest(keys)
        value = "" if isinstance(received, dict) else f" (value {_shown(received)})"
        yield key, f"unknown key{value}" + (f"; did you mean {near}?" if near else "")
    else:
        allowed = details["msg"].removeprefix("Input should be ")
        yield key, f"{_shown(received)} is not allowed; expected {allowed}{_nearest_value(details)}"


def dotted_keys(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """Every key that has a value, with its sections before it."""
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from dotted_keys(section, f"{prefix}{name}.")
        else:
            yield prefix + name


def joined(reasons: Sequence[str]) -> str:
    """Join the reasons for one key; the branches of a union differ only in what they expect."""
    first, *others = dict.fromkeys(reasons)
    return " or ".join(
        [first, *(reason.partition("; expected ")[2] or reason for reason in others)]
    )


def _dotted(location: Sequence[int | str]) -> list[str]:
    """The location as keys of the file, without branches of unions and positions in lists."""
    model: Any = Config
    keys: list[str] = []
    for part in location:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            break
        keys.append(str(part))
        field = model.model_fields.get(str(part))
        model = _section(field.annotation) if field else None
    return keys


def _section(annotation: Any) -> Any:
    """The section that a field holds or may hold; the annotation itself if it holds none."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return annotation


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _nearest(keys: Sequence[str]) -> str | None:
    """The dotted key that was probably meant: a similar one here, or in another section."""
    sections = {
        name: list(_section(field.annotation).model_fields)
        for name, field in Config.model_fields.items()
    }
    *above, wrong = keys
    parent: Any = Config
    for key in above:
        parent = _section(parent.model_fields[key].annotation)
    everywhere = {
        field: f"{section}.{field}" for section, names in sections.items() for field in names
    }
    usual = USUAL_NAMES.get(wrong, wrong)
    if usual in parent.model_fields and usual != wrong:
        return ".".join([*above, usual])
    if match := difflib.get_close_matches(wrong, list(parent.model_fields), n=1):
        return ".".join([*above, match[0]])
    if usual != wrong:
        return everywhere[usual]
    match = difflib.get_close_matches(wrong, everywhere, n=1, cutoff=0.8)
    return everywhere[match[0]] if match else None


def _nearest_value(details: ErrorDetails) -> str:
    if details["type"] != "literal_error" or not isinstance(details["input"], str):
        return ""
    field: Any = Config
    for part in details["loc"]:
        if isinstance(field, type) and issubclass(field, BaseModel) and part in field.model_fields:
            field = _section(field.model_fields[str(part)].annotation)
    allowed = [value for value in _literals(field) if isinstance(value, str)]
    match = difflib.get_close_matches(details["input"], allowed, n=1)
    return f"; did you mean {match[0]}?" if match else ""


def _literals(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        if isinstance(argument, str):
            yield argument
        else:
            yield from _literals(argument)
