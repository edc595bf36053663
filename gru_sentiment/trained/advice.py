"""What a finished training lets its user know, where something else is likely to be better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gru_sentiment.config.sections import Config
from gru_sentiment.results.evaluation import Against
from gru_sentiment.results.metrics import Metrics

NOTHING = 0.02
"""A member of a lower weight adds nothing."""
RARE = 0.1
"""A class with a smaller share of the rows is rare."""


def advice(
    config: Config,
    validation: Metrics,
    weights: Mapping[str, float],
    baseline: Against | None,
) -> list[str]:
    """Sentences about a training, each with a next step; often none.

    Args:
        config: of the training.
        validation: its scores on the validation split.
        weights: of network and n-grams by name, where both predict.
        baseline: compared with the linear baseline beside the run, where there is one.
    """
    return [*_on_members(weights), *_on_baseline(baseline), *_on_classes(config, validation)]


def _on_members(weights: Mapping[str, float]) -> Iterator[str]:
    for name, weight in weights.items():
        if weight < NOTHING:
            other = next(one for one in weights if one != name)
            way_out = (
                "gru-sent baseline fits them without a network"
                if name == "network"
                else "--set model.ngrams=false leaves them out"
            )
            yield f"the {name} adds nothing to the {other} (weight {weight:.3f}): {way_out}"


def _on_baseline(baseline: Against | None) -> Iterator[str]:
    if baseline is None:
        return
    found = baseline.comparison
    points = (
        f"{100 * abs(found.difference):.2f} points on validation (95 % interval "
        f"{100 * found.low:+.2f} to {100 * found.high:+.2f})"
    )
    if found.high < 0:
        yield f"the linear baseline {baseline.other} is better by {points}: predict with it"
    elif found.low <= 0:
        yield (
            f"no clear difference to the linear baseline {baseline.other}: {points}; both together "
            "are often better: gru-sent fuse, or --set model.ngrams=true"
        )


def _on_classes(config: Config, validation: Metrics) -> Iterator[str]:
    rare = [
        name
        for name, of_class in validation.per_class.items()
        if of_class.support < RARE * validation.n / max(len(validation.per_class) / 2, 1)
    ]
    if not rare or validation.micro_f1 is not None:
        return
    named = ", ".join(rare[:3]) + (", …" if len(rare) > 3 else "")
    advised = "judge by macro F1, not by accuracy"
    if config.training.class_weights is None:
        advised += "; --set training.class_weights=balanced lets rare classes count more"
    yield f"few rows are of the class{'es' if len(rare) > 1 else ''} {named}: {advised}"
