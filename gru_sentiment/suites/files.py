"""Suites from YAML files: built-in ones, and the user's own in the same form."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from gru_sentiment.config.yaml_file import parse_yaml, read_yaml_text
from gru_sentiment.errors import ConfigError
from gru_sentiment.suites.cases import Case, Expectation, Suite
from gru_sentiment.suites.templates import SLOT, expand, slots_of

BUILT_IN = ("negation", "intensity", "contrast", "typos", "names", "length")
ALL = "all"
TEXTS_OF = {"label": (1, None), "pair": (2, 2), "same": (2, None)}
"""Fewest and most texts of a template, by expectation."""
FORM = "gru_sentiment/suites/negation.yaml is an example that explains every key"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Class = str | int
Sentence = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    """A level of a suite file: types are strict, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Template(_Strict):
    """Texts with slots, and what every case from them expects."""

    expect: Expectation
    texts: Annotated[list[Sentence], Field(min_length=1)]
    label: Class | None = None
    typos: Annotated[int, Field(ge=0, le=9)] = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        least, most = TEXTS_OF[self.expect]
        n = len(self.texts) + (self.typos > 0)
        if n < least or (most is not None and n > most):
            wanted = f"{least} texts" if most == least else f"{least} texts or more"
            raise ValueError(f"texts: expect {self.expect} needs {wanted}, found {n}")
        if self.typos and self.expect != "same":
            raise ValueError(f"typos: only for expect same, not for {self.expect}")
        if self.label is not None and self.expect == "same":
            raise ValueError("label: expect same takes no label; any class is right")
        if self.label is None and self.expect == "label":
            raise ValueError("label: needed for expect label")
        return self


class SuiteFile(_Strict):
    """A suite file."""

    name: Name
    classes: Annotated[list[Class], Field(min_length=2)] = ["negative", "positive"]
    draws: Annotated[int, Field(ge=1, le=1000)] = 4
    seed: Annotated[int, Field(ge=0)] = 0
    words: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    templates: Annotated[list[Template], Field(min_length=1)]

    def problems(self) -> Iterator[str]:
        """What does not fit together: slots and lists of words, labels and classes."""
        used = {name for template in self.templates for name in slots_of(template.texts)}
        for name in self.words.keys() - used:
            yield f"words, {name}: no template uses it"
        for number, template in enumerate(self.templates, 1):
            where = f"templates, number {number}"
            for text in template.texts:
                if left := set(SLOT.sub("", text)) & set("{}"):
                    yield f"{where}: {left.pop()} in {text!r} is not in a slot such as {{film}}"
            for name, slots in slots_of(template.texts).items():
                if name not in self.words:
                    yield f"{where}: {{{name}}} has no list; lists: {_listed(self.words)}"
                elif len(set(self.words[name])) < len(slots):
                    yield f"{where}: needs {len(slots)} different words of {name}, which has fewer"
            label = self.label_of(template)
            if template.expect != "same" and label not in self.classes:
                yield f"{where}: {label!r} is not one of the classes {_listed(self.classes)}"

    def label_of(self, template: Template) -> Class | None:
        """The class that the template is about; `positive` where a pair names none."""
        if template.expect == "pair" and template.label is None:
            return "positive"
        return template.label

    def cases(self) -> list[Case]:
        """All distinct cases; the same ones every time, by the seed of the file."""
        generator = random.Random(self.seed)
        words = {name: list(dict.fromkeys(of)) for name, of in self.words.items()}
        drawn = [
            case
            for template in self.templates
            for case in expand(
                template.texts,
                template.expect,
                self.label_of(template),
                words,
                draws=self.draws,
                typos=template.typos,
                generator=generator,
            )
        ]
        return list(dict.fromkeys(drawn))


def load_suites(names: Sequence[str]) -> list[Suite]:
    """Suites by name, all built-in ones (`all`), or from YAML files.

    Raises:
        ConfigError: there is no such suite or file, a file is not a suite (with all its problems),
            or two suites have the same name.
    """
    wanted = [name for given in names for name in (BUILT_IN if given == ALL else (given,))]
    suites: dict[str, Suite] = {}
    for name in dict.fromkeys(wanted):
        suite = _load(name)
        if suite.name in suites:
            raise ConfigError(
                f"--suite {name}: there is a suite {suite.name} already",
                hint="change 'name:' in the file",
            )
        suites[suite.name] = suite
    return list(suites.values())


def parse_suite(text: str, file: str) -> Suite:
    """A suite from YAML text; `file` names it in messages.

    Raises:
        ConfigError: it is not YAML, or not a suite.
    """
    values, _ = parse_yaml(text, file)
    try:
        file_suite = SuiteFile.model_validate(values)
    except ValidationError as error:
        problems = [_explained(details) for details in error.errors()]
    else:
        problems = list(file_suite.problems())
        if not problems:
            classes, cases = tuple(file_suite.classes), tuple(file_suite.cases())
            return Suite(file_suite.name, classes, cases)
    raise ConfigError("\n".join(f"{file}: {p}" for p in dict.fromkeys(problems)), hint=FORM)


def _load(name: str) -> Suite:
    if name in BUILT_IN:
        text = resources.files("gru_sentiment.suites").joinpath(f"{name}.yaml").read_text("utf-8")
        return parse_suite(text, f"{name}.yaml")
    if not name.endswith((".yaml", ".yml")):
        near = difflib.get_close_matches(name, [*BUILT_IN, ALL], n=1)
        raise ConfigError(
            f"--suite {name}: no such suite" + (f"; did you mean {near[0]}?" if near else ""),
            hint=f"suites: {_listed([*BUILT_IN, ALL])}, or a YAML file of your own",
        )
    if not Path(name).is_file():
        raise ConfigError(f"--suite {name}: no such file", hint=FORM)
    return parse_suite(read_yaml_text(Path(name)), name)


def _explained(details: ErrorDetails) -> str:
    """Where the problem is, what was received and what is allowed."""
    where = ", ".join(
        f"number {part + 1}" if isinstance(part, int) else str(part)
        for part in details["loc"]
        if part not in {"str", "int"}  # branches of a union
    )
    if details["type"] == "value_error":
        return f"{where}: {details['ctx']['error']}"
    if details["type"] == "extra_forbidden":
        model = Template if "templates" in details["loc"] else SuiteFile
        return f"{where}: unknown key; keys: {_listed(model.model_fields)}"
    if details["type"] == "missing":
        return f"{where}: missing"
    received = repr(details["input"])
    shown = received if len(received) <= 60 else received[:57] + "..."
    return f"{where}: {shown} is not allowed; {details['msg'][0].lower()}{details['msg'][1:]}"


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names)) or "none"
