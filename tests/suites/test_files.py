"""The built-in suites are sound, and a user's file is checked with reasons."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path

import pytest

from gru_sentiment.errors import ConfigError
from gru_sentiment.suites.cases import Case, Suite
from gru_sentiment.suites.files import BUILT_IN, load_suites, parse_suite

OWN = """\
name: stars
classes: [bad, good]
draws: 2
words: {film: [film, movie, drama]}
templates:
  - {expect: label, label: good, texts: ["I loved this {film}."]}
  - {expect: pair, label: bad, texts: ["Dull {film}.", "Fine {film}."]}
  - {expect: same, texts: ["A {film}.", "One {film}."]}
"""


@pytest.fixture(scope="module")
def built_in() -> dict[str, Suite]:
    return {suite.name: suite for suite in load_suites(["all"])}


def test_all_are_all(built_in: dict[str, Suite]) -> None:
    assert tuple(built_in) == BUILT_IN
    folder = importlib.resources.files("gru_sentiment.suites")
    assert {f"{name}.yaml" for name in BUILT_IN} == {
        path.name for path in folder.iterdir() if path.name.endswith(".yaml")
    }
    assert load_suites(["all", "typos"]) == load_suites(["all"])


@pytest.mark.parametrize("name", BUILT_IN)
def test_at_least_forty_distinct_cases_the_same_every_time(
    built_in: dict[str, Suite], name: str
) -> None:
    suite = built_in[name]
    assert len(suite.cases) == len(set(suite.cases)) >= 40
    assert load_suites([name]) == [suite]
    assert suite.classes == ("negative", "positive")


@pytest.mark.parametrize("name", BUILT_IN)
def test_texts_are_whole_sentences(built_in: dict[str, Suite], name: str) -> None:
    for case in built_in[name].cases:
        assert len(set(case.texts)) == len(case.texts)
        for text in case.texts:
            assert text[0].isupper()
            assert text[-1] == "."
            assert not set(text) & set("{}")
            assert "  " not in text
            # no indefinite article stands before a vowel
            assert not re.search(r"\ba [aeio]", text, re.IGNORECASE)


def test_labels_and_expectations_are_balanced(built_in: dict[str, Suite]) -> None:
    """A model that always says the same class gains nothing by it."""
    for name in ("negation", "contrast", "length"):
        labels = [case.label for case in built_in[name].cases if case.expect == "label"]
        assert 0.3 <= labels.count("positive") / len(labels) <= 0.7


def test_a_file_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN, "utf-8")
    (suite,) = load_suites([str(path)])
    assert (suite.name, suite.classes, len(suite.cases)) == ("stars", ("bad", "good"), 6)
    assert {case.expect for case in suite.cases} == {"label", "pair", "same"}
    assert suite.cases[2].label == "bad"


def test_a_pair_is_about_positive_where_it_names_no_class() -> None:
    text = 'name: own\ntemplates: [{expect: pair, texts: ["Good.", "Bad."]}]'
    assert parse_suite(text, "own.yaml").cases == (Case("pair", ("Good.", "Bad."), "positive"),)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("name: stars", "nam: stars"), "name: missing"),
        (("name: stars", "nam: stars"), "nam: unknown key; keys: name, classes, draws, seed"),
        (("expect: same", "expect: equal"), "templates, number 3, expect: 'equal' is not allowed"),
        (("expect: same", "expect: equal"), "'label', 'pair' or 'same'"),
        (("draws: 2", "draws: 0"), "draws: 0 is not allowed; input should be greater than"),
        (("draws: 2", "draws: two"), "draws: 'two' is not allowed; input should be a valid int"),
        (("classes: [bad, good]", "classes: [good]"), "classes: ['good'] is not allowed; list"),
        (("label: good", "label: great"), "number 1: 'great' is not one of the classes bad, good"),
        (("label: good", "lable: good"), "number 1, lable: unknown key; keys: expect, texts"),
        (("label: good, ", ""), "templates, number 1: label: needed for expect label"),
        (("label: bad, ", ""), "number 2: 'positive' is not one of the classes bad, good"),
        (
            ("expect: same", "expect: same, label: good"),
            "number 3: label: expect same takes no label",
        ),
        ((', "Fine {film}."', ""), "number 2: texts: expect pair needs 2 texts, found 1"),
        ((', "One {film}."', ""), "number 3: texts: expect same needs 2 texts or more, found 1"),
        (("label: good", "label: good, typos: 1"), "number 1: typos: only for expect same"),
        (("loved this {film}", "loved this {movie}"), "{movie} has no list; lists: film"),
        (("loved this {film}", "loved this {film"), "number 1: { in 'I loved this {film.'"),
        (
            ("Dull {film}", "Dull {film2} {film3} {film4}"),
            "needs 4 different words of film, which has fewer",
        ),
        (("{film: [", "{odd: [a], film: ["), "words, odd: no template uses it"),
        (("film, movie", "film, 1999"), "words, film, number 2: 1999 is not allowed"),
    ],
)
def test_what_is_wrong_is_named(change: tuple[str, str], says: str) -> None:
    text = OWN.replace(*change)
    assert text != OWN
    with pytest.raises(ConfigError) as caught:
        parse_suite(text, "own.yaml")
    assert says in str(caught.value)
    assert all(line.startswith("own.yaml: ") for line in caught.value.cause.splitlines())
    assert "negation.yaml" in caught.value.hint


def test_a_list_of_one_word_gives_one_case_a_template() -> None:
    assert len(parse_suite(OWN.replace("[film, movie, drama]", "[film]"), "own.yaml").cases) == 3


def test_all_problems_come_at_once() -> None:
    text = OWN.replace("draws: 2", "draws: -1").replace("expect: same", "expect: equal")
    with pytest.raises(ConfigError) as caught:
        parse_suite(text, "own.yaml")
    assert len(caught.value.cause.splitlines()) == 2


def test_not_yaml_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own\.yaml:1: not valid YAML"):
        parse_suite("templates: [", "own.yaml")
    with pytest.raises(ConfigError, match=r"nope\.yaml: no such file"):
        load_suites([str(tmp_path / "nope.yaml")])


def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match="--suite negations: no such suite; did you mean negat"):
        load_suites(["negations"])
    with pytest.raises(ConfigError) as caught:
        load_suites(["xyz"])
    assert "did you mean" not in caught.value.cause
    assert "negation, intensity, contrast, typos, names, length, all" in caught.value.hint


def test_two_suites_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace("name: stars", "name: typos"), "utf-8")
    with pytest.raises(ConfigError, match="there is a suite typos already"):
        load_suites(["all", str(path)])


def test_a_key_that_stands_twice_in_a_template() -> None:
    text = OWN.replace("label: bad, ", "label: bad,\n     label: good, ")
    with pytest.raises(ConfigError) as caught:
        parse_suite(text, "own.yaml")
    assert caught.value.cause == "own.yaml:8: templates.1.label is set twice (line 7)"


def test_aliases_are_refused_as_in_every_file() -> None:
    with pytest.raises(ConfigError, match="aliases are not allowed"):
        parse_suite("words: {a: &x [b], c: *x}", "own.yaml")
