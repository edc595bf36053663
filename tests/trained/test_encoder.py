"""An encoder gives a classifier all of its layers and words, or says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from artifact.runs import CONFIG_VALUE, WORDS, new_model, write_encoder, write_fusion, write_run
from safetensors.torch import load_file, save_file

from gru_sentiment.artifact.files import CONFIG, ENCODER, LABELS, WEIGHTS
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.config.sections import ModelConfig
from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.trained.encoder import NEEDED, load_encoder


def test_both_directions_are_taken_as_they_are() -> None:
    encoder = load_encoder(write_encoder())
    encoder.check_fits(CONFIG_VALUE)
    model = new_model()
    encoder.initialize(model, Labels([]))
    layer = {n: p for n, p in model.state_dict().items() if n.startswith("recurrent.")}
    assert len(layer) == 8
    for name, tensor in {**layer, "embedding.table.weight": model.embedding.table.weight}.items():
        assert torch.equal(tensor, encoder.tensors[name])
    assert encoder.vocabulary.to_text() == WORDS.to_text()


@pytest.mark.parametrize("same_as", ["labels", "classes", "kind"])
def test_a_classifier_gives_its_head_to_one_of_the_same_labels(same_as: str) -> None:
    start = load_encoder(write_run())
    start.check_fits(CONFIG_VALUE)
    model, before = new_model(seed=1), new_model(seed=1).state_dict()
    assert start.labels is not None
    others = {
        "labels": start.labels,
        "classes": Labels(["other", "classes"]),
        "kind": LabelSets(start.labels.classes),
    }
    start.initialize(model, others[same_as])
    same = same_as == "labels"
    for name, tensor in model.state_dict().items():
        taken = same or name.startswith(("recurrent.", "embedding."))
        assert torch.equal(tensor, start.tensors[name] if taken else before[name])


def test_a_classifier_is_whole_or_refused() -> None:
    run = write_run()
    (run / LABELS).unlink()
    with pytest.raises(ArtifactError, match=r"not a complete run: labels.json missing"):
        load_encoder(run)


def test_a_fusion_is_no_start() -> None:
    with pytest.raises(ArtifactError, match="is a fusion, and has no recurrent layers"):
        load_encoder(write_fusion())


def test_both_sides_name_their_directions() -> None:
    encoder = load_encoder(write_encoder())
    one = CONFIG_VALUE.model_copy(update={"model": ModelConfig(hidden_size=3, bidirectional=False)})
    with pytest.raises(ConfigError) as caught:
        encoder.check_fits(one)
    assert caught.value.cause == "model.bidirectional: False here, True in runs/e"


def changed(name: str, tensor: torch.Tensor | None) -> Path:
    """An encoder, made to fit its manifest, with another tensor or one less."""
    run = write_encoder()
    tensors = load_file(run / WEIGHTS)
    del tensors[name]
    save_file(tensors if tensor is None else {**tensors, name: tensor}, run / WEIGHTS)
    write_manifest(run, NEEDED[ENCODER])
    return run


@pytest.mark.parametrize("name", ["recurrent.weight_hh_l0", "recurrent.bias_ih_l0_reverse"])
@pytest.mark.parametrize("found", [None, torch.zeros(9, 2)])
def test_a_layer_is_whole_or_refused(name: str, found: torch.Tensor | None) -> None:
    encoder = load_encoder(changed(name, found))
    with pytest.raises(ArtifactError) as caught:
        encoder.initialize(new_model(), Labels([]))
    shape = "none" if found is None else r"[9, 2]"
    assert f"model.safetensors: {name} has shape {shape}, the config asks" in caught.value.cause
    assert "must come from the same training" in caught.value.hint


@pytest.mark.parametrize("shape", [(6,), (5, 4), (6, 0), (6, 4, 1)])
def test_word_vectors_of_another_shape(shape: tuple[int, ...]) -> None:
    run = changed("embedding.table.weight", torch.zeros(shape))
    with pytest.raises(ArtifactError, match="the vocabulary lists 6 words"):
        load_encoder(run)


def test_a_direction_that_is_gone_is_not_one_of_this_version() -> None:
    run = write_encoder()
    text = (run / CONFIG).read_text("utf-8")
    assert "direction: both" in text
    (run / CONFIG).write_text(text.replace("direction: both", "direction: backward"), "utf-8")
    write_manifest(run, NEEDED[ENCODER])
    with pytest.raises(ArtifactError, match=r"not a config of this version: .*direction"):
        load_encoder(run)
