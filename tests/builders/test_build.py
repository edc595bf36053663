"""Config to objects: every section's options arrive where they belong."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.builders import text as build
from gru_sentiment.builders.corpus import build_corpus, build_tokenizer
from gru_sentiment.builders.dataset import build_records
from gru_sentiment.builders.device import build_device, build_matmul_precision, build_precision
from gru_sentiment.builders.model import build_model, n_logits_for, release_layers
from gru_sentiment.builders.objective import build_loss, build_objective
from gru_sentiment.builders.optimisation import (
    build_average,
    build_optimizer,
    build_schedule,
    build_stopping,
)
from gru_sentiment.builders.text import (
    build_batcher,
    build_encoded,
    build_unlabelled_sampler,
    build_vectors,
    build_vocabulary,
)
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config, DataConfig, ModelConfig, TextConfig, VectorsConfig
from gru_sentiment.config.training import (
    AdversarialConfig,
    FineTuningConfig,
    TrainingConfig,
    UnlabelledConfig,
)
from gru_sentiment.data.vocab import PADDING_ID, UNKNOWN_ID, Vocabulary
from gru_sentiment.errors import DataError, DeviceError, VectorsError
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss

CPU = torch.device("cpu")
VOCABULARY = Vocabulary(["<unk>", "<pad>", "good", "bad"])


def tiny_model(**options: Any) -> Any:
    config = Config(model=ModelConfig(**{"hidden_size": 3, **options}))
    return build_model(config, torch.ones(4, 5), 2, CPU)


# data and text


def test_records_of_files_keep_their_parts(tmp_path: Path) -> None:
    for part, rows in {"a": 3, "b": 2}.items():
        lines = "".join(f"{part}{i},{i % 2}\n" for i in range(rows))
        (tmp_path / f"{part}.csv").write_text(f"review,class\n{lines}", "utf-8")
    config = DataConfig(
        source="files",
        path=tmp_path / "a.csv",
        test_path=tmp_path / "b.csv",
        text_column="review",
        label_column="class",
        label_names=("no", "yes"),
    )
    records = build_records(config)
    assert records.texts.to_pylist() == ["a0", "a1", "a2", "b0", "b1"]
    assert list(records.labels) == ["no", "yes", "no", "no", "yes"]
    assert {part: list(rows) for part, rows in records.splits.items()} == {
        "train": [0, 1, 2],
        "test": [3, 4],
    }


def test_corpus_divides_the_rows(tiny_config: Path) -> None:
    corpus = build_corpus(load_config(tiny_config))
    assert corpus.labels.classes == ["negative", "positive"]
    assert {part: len(rows) for part, rows in corpus.splits.items()} == {
        "train": 48,
        "validation": 16,
        "test": 16,
    }
    together = np.concatenate(list(corpus.splits.values()))
    assert sorted(together) == list(range(80))
    assert list(corpus.label_ids[:4]) == [0, 1, 0, 1]
    assert len(corpus.tokenized.offsets) == 81


def test_the_split_follows_its_own_seed(tiny_config: Path) -> None:
    def rows(*overrides: str) -> list[int]:
        return list(build_corpus(load_config(tiny_config, overrides)).splits["validation"])

    assert rows() == rows("run.seed=5")
    assert rows() != rows("data.seed=5")


@pytest.mark.parametrize(
    ("lowercase", "words"), [(True, ["good", "film"]), (False, ["Good", "Film"])]
)
def test_tokenizer_options(lowercase: bool, words: list[str]) -> None:
    assert build_tokenizer(TextConfig(lowercase=lowercase))("Good Film") == words


def test_vocabulary_options() -> None:
    counts = {"a": 5, "b": 3, "c": 3, "d": 1}
    assert build_vocabulary(TextConfig(), counts).words[2:] == ["a", "b", "c"]
    limited = TextConfig(min_frequency=1, max_size=2)
    assert build_vocabulary(limited, counts).words[2:] == ["a", "b"]


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(DataError, match=r"no word of the training split occurs 3 times") as caught:
        build_vocabulary(TextConfig(min_frequency=3), {"a": 2})
    assert caught.value.hint == "lower text.min_frequency, or add reviews"


def test_encoding_cuts_the_middle() -> None:
    tokenized = build_tokenizer(TextConfig()).many(["good bad film bad good good"])
    encoded = build_encoded(TextConfig(max_tokens=3, head_tokens=1), tokenized, VOCABULARY)
    steps = np.arange(3)
    assert list(encoded.read(np.zeros(3, int), steps)) == [2, 2, 2]
    whole = build_encoded(TextConfig(max_tokens=None), tokenized, VOCABULARY)
    assert list(whole.read(np.zeros(6, int), np.arange(6))) == [2, 3, UNKNOWN_ID, 3, 2, 2]


@pytest.mark.parametrize(
    ("options", "sizes"),
    [({"batch_size": 2}, [2, 1]), ({"batch_size": None, "tokens_per_batch": 3}, [1, 2])],
)
def test_batches_stay_within_the_budget(options: dict[str, int], sizes: list[int]) -> None:
    tokenized = build_tokenizer(TextConfig()).many(["good", "good bad", "good bad good"])
    encoded = build_encoded(TextConfig(), tokenized, VOCABULARY)
    batcher = build_batcher(TrainingConfig.model_validate(options), encoded)
    assert [len(batch) for batch in batcher.in_order(np.arange(3))] == sizes


# vectors


@pytest.mark.parametrize(("dimension", "expected"), [(None, 100), (7, 7)])
def test_random_vectors_have_a_dimension(dimension: int | None, expected: int) -> None:
    vectors = build_vectors(VectorsConfig(source="none", dimension=dimension), VOCABULARY)
    assert vectors.matrix.shape == (4, expected)
    assert not vectors.found.any()


def test_vectors_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("good 1 2\nother 3 4\n", "utf-8")
    vectors = build_vectors(VectorsConfig(source="file", path=path), VOCABULARY)
    assert vectors.found.tolist() == [False, False, True, False]
    assert vectors.matrix[2].tolist() == [1.0, 2.0]


def test_vectors_of_another_dimension_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("good 1 2\nbad 3 4\n", "utf-8")
    with pytest.raises(VectorsError, match=r"vectors\.dimension is 3, .* has 2"):
        build_vectors(VectorsConfig(source="file", path=path, dimension=3), VOCABULARY)


# model


@pytest.mark.parametrize(("cell", "kind"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_model_options(cell: str, kind: type[nn.RNNBase]) -> None:
    model = tiny_model(
        cell=cell,
        layers=2,
        bidirectional=False,
        pooling=("max", "last"),
        embedding_dropout=0.1,
        layer_dropout=0.2,
        dropout=0.3,
    )
    recurrent = model.recurrent
    assert isinstance(recurrent, kind)
    assert (recurrent.input_size, recurrent.hidden_size, recurrent.num_layers) == (5, 3, 2)
    assert (recurrent.bidirectional, recurrent.dropout) == (False, 0.2)
    assert (model.embedding.dropout.p, model.dropout.p) == (0.1, 0.3)
    assert model.head.weight.shape == (1, 2 * 3)


@pytest.mark.parametrize(("nonlinearity", "expected"), [(None, "tanh"), ("relu", "relu")])
def test_an_rnn_takes_its_nonlinearity(nonlinearity: str | None, expected: str) -> None:
    model = tiny_model(cell="rnn", nonlinearity=nonlinearity)
    assert model.recurrent.nonlinearity == expected


def test_the_embedding_starts_from_the_weights_and_padding_is_zero() -> None:
    table = tiny_model().embedding.table.weight
    assert table[PADDING_ID].tolist() == [0.0] * 5
    kept = [i for i in range(4) if i != PADDING_ID]
    assert torch.equal(table[kept], torch.ones(3, 5))


@pytest.mark.parametrize(
    ("loss", "classes", "outputs"),
    [("bce", 2, 1), ("cross_entropy", 2, 2), ("cross_entropy", 5, 5)],
)
def test_outputs_follow_from_the_loss(loss: Any, classes: int, outputs: int) -> None:
    training = TrainingConfig(loss=loss)
    assert n_logits_for(training, classes) == outputs
    config = Config(model=ModelConfig(hidden_size=3), training=training)
    model = build_model(config, torch.ones(4, 5), classes, CPU)
    assert model(pack_sequence([torch.tensor([2, 3])])).shape == (1, outputs)


def test_bce_is_for_two_classes() -> None:
    with pytest.raises(DataError) as caught:
        n_logits_for(TrainingConfig(loss="bce"), 3)
    assert caught.value.cause == "training.loss bce: needs two classes, the data has 3"
    assert caught.value.hint == "set training.loss to cross_entropy"


@pytest.mark.parametrize(
    ("frozen", "trainable"),
    [(0, [True, True, True]), (2, [False, False, True]), ("all", [False, False, False])],
)
def test_the_embedding_thaws_after_its_epochs(frozen: Any, trainable: list[bool]) -> None:
    config = Config(model=ModelConfig(hidden_size=3, embedding_frozen_epochs=frozen))
    model = tiny_model()
    found = []
    for epoch in (1, 2, 3):
        release_layers(config, model, epoch)
        found.append(model.embedding.table.weight.requires_grad)
        assert all(p.requires_grad for n, p in model.named_parameters() if "embedding" not in n)
    assert found == trainable


def test_layers_are_released_from_the_top() -> None:
    fine_tuning = FineTuningConfig(unfreeze_epochs=2)
    config = Config(training=TrainingConfig(fine_tuning=fine_tuning))
    model = tiny_model(layers=2, pooling=("attention",))
    parts = {
        "head": [*model.pooling.parameters(), *model.head.parameters()],
        "upper": [p for n, p in model.recurrent.named_parameters() if "_l1" in n],
        "lower": [p for n, p in model.recurrent.named_parameters() if "_l0" in n],
        "vectors": [*model.embedding.parameters()],
    }
    assert sum(map(len, parts.values())) == len(list(model.parameters()))
    for epoch in range(1, 10):
        release_layers(config, model, epoch)
        for depth, layer in enumerate(parts.values()):
            assert {p.requires_grad for p in layer} == {epoch > 2 * depth}, (epoch, depth)


# training


def test_unlabelled_texts_have_a_loss_of_their_own() -> None:
    labels, soft = np.array([0, 1, 1]), torch.rand(5, 2)
    terms = UnlabelledConfig(teacher=Path("a"), weight=0.5, entropy_weight=0.1, batch_size=3)
    config = TrainingConfig(unlabelled=terms, class_weights="balanced", label_smoothing=0.2)
    loss = build_objective(config, labels, 2, soft)
    assert isinstance(loss, SemiSupervisedLoss)
    assert loss.soft_labels is soft
    assert (loss.weight, loss.entropy_weight, loss.label_smoothing) == (0.5, 0.1, 0.2)
    assert loss.class_weights == build_loss(config, labels, 2).class_weights
    virtual = AdversarialConfig(kind="virtual")
    around = build_objective(config.model_copy(update={"adversarial": virtual}), labels, 2, soft)
    assert isinstance(around, AdversarialLoss)
    assert isinstance(around.loss, SemiSupervisedLoss)
    assert type(build_objective(TrainingConfig(), labels, 2)) is ClassificationLoss
    beside = build_unlabelled_sampler(Config(training=config), np.arange(5))
    assert (len(beside.rows), beside.each, beside.seed) == (5, 3, 0)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    loss = build_loss(TrainingConfig(class_weights="balanced"), labels, 3)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert loss.class_weights == pytest.approx(expected)


def test_a_class_without_rows_gets_a_finite_weight() -> None:
    loss = build_loss(TrainingConfig(class_weights="balanced"), np.array([0, 0]), 2)
    assert loss.class_weights == pytest.approx([0.5, 1.0])


def test_loss_options() -> None:
    config = TrainingConfig(class_weights=(1.0, 3.0), label_smoothing=0.1)
    loss = build_loss(config, np.array([0, 1]), 2)
    assert (loss.class_weights, loss.label_smoothing) == ((1.0, 3.0), 0.1)
    assert build_loss(TrainingConfig(), np.array([0, 1]), 2).class_weights is None


def test_one_weight_a_class() -> None:
    with pytest.raises(DataError, match=r"class_weights: 2 weights for 3 classes"):
        build_loss(TrainingConfig(class_weights=(1.0, 1.0)), np.array([0, 1, 2]), 3)


@pytest.mark.parametrize(
    ("name", "kind", "momentum"),
    [
        ("sgd", torch.optim.SGD, 0.9),
        ("rmsprop", torch.optim.RMSprop, 0.5),
        ("adam", torch.optim.Adam, 0.0),
        ("adamw", torch.optim.AdamW, 0.0),
    ],
)
def test_optimizer_options(name: Any, kind: type[Any], momentum: float) -> None:
    config = TrainingConfig(optimizer=name, learning_rate=0.25, weight_decay=0.1, momentum=momentum)
    optimizer = build_optimizer(config, tiny_model())
    assert type(optimizer) is kind
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
    if momentum:
        assert {group["momentum"] for group in optimizer.param_groups} == {momentum}


def test_schedule_options() -> None:
    def rates(steps: int, **options: Any) -> list[float]:
        config = TrainingConfig(learning_rate=1.0, **options)
        optimizer = build_optimizer(config, tiny_model())
        schedule = build_schedule(config, optimizer, steps)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.after_step()
            schedule.after_evaluation(1.0)
        return found

    assert rates(4, schedule="linear", warmup=0.5) == pytest.approx([1 / 3, 2 / 3, 1, 0.5])
    plateau = {"schedule": "reduce_on_plateau", "plateau_factor": 0.1, "plateau_patience": 0}
    assert rates(4, **plateau) == pytest.approx([1, 1, 0.1, 0.01])
    assert rates(3, schedule="constant") == [1, 1, 1]


def test_stopping_options() -> None:
    config = TrainingConfig(monitor="+macro_f1", patience=3, stop_at_loss=0.2, max_minutes=1.5)
    stopping = build_stopping(config)
    assert (stopping.sign, stopping.score) == (1.0, "macro_f1")
    assert (stopping.patience, stopping.stop_at_loss, stopping.max_minutes) == (3, 0.2, 1.5)


def test_average_of_weights() -> None:
    model = nn.Linear(1, 1, bias=False)
    assert build_average(TrainingConfig(), model) is None
    average = build_average(TrainingConfig(ema_decay=0.75), model)
    assert average is not None
    expected = None
    for value in (1.0, 2.0, 5.0):
        nn.init.constant_(model.weight, value)
        average.update_parameters(model)
        expected = value if expected is None else 0.75 * expected + 0.25 * value
        assert average.module.weight.item() == pytest.approx(expected)


# devices


@pytest.mark.parametrize(
    ("wanted", "device", "able_and_gains", "expected"),
    [
        (False, "cpu", (True, True), "float32"),
        (True, "cpu", (True, True), "bfloat16"),
        (True, "cpu", (True, False), "bfloat16"),
        ("auto", "cpu", (True, True), "bfloat16"),
        ("auto", "cpu", (True, False), "float32"),
        ("auto", "cpu", (False, False), "float32"),
        (True, "cuda", (False, False), "bfloat16, recurrent layers float32"),
        ("auto", "cuda", (False, False), "bfloat16, recurrent layers float32"),
        (False, "cuda", (False, False), "float32"),
    ],
)
def test_mixed_precision_where_the_device_multiplies_so(
    monkeypatch: pytest.MonkeyPatch,
    wanted: bool | Literal["auto"],
    device: str,
    able_and_gains: tuple[bool, bool],
    expected: str,
) -> None:
    monkeypatch.setattr(build, "multiplies_bfloat16", lambda: able_and_gains[0])
    monkeypatch.setattr(build, "gains_from_bfloat16", lambda: able_and_gains[1])
    config = TrainingConfig(mixed_precision=wanted)
    assert build_matmul_precision(config, torch.device(device)) == expected
    assert (build_precision(config, torch.device(device)) is nullcontext) == (expected == "float32")


def test_mixed_precision_on_another_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "multiplies_bfloat16", lambda: False)
    with pytest.raises(DeviceError) as caught:
        build_matmul_precision(TrainingConfig(mixed_precision=True), CPU)
    assert caught.value.cause == (
        "training.mixed_precision: this CPU has no instructions for bfloat16"
    )
    assert caught.value.hint == "set training.mixed_precision to auto or false, or train on CUDA"


def test_mixed_precision_is_for_products_and_not_for_logits() -> None:
    """On any CPU: one without the instructions multiplies bfloat16 slowly."""
    model, texts = tiny_model(), pack_sequence([torch.tensor([2, 3])])
    exact = model(texts)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(texts)
    assert logits.dtype == model.head.weight.dtype == torch.float32
    assert not torch.equal(logits, exact)
    torch.testing.assert_close(logits, exact, rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    ("name", "available", "expected"),
    [
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_auto_takes_cuda_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, name: str, available: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert build_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("version", "reason"), [(None, "this torch was built without CUDA"), ("12.8", "no GPU found")]
)
def test_cuda_without_cuda(
    monkeypatch: pytest.MonkeyPatch, version: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", version)
    with pytest.raises(DeviceError) as caught:
        build_device("cuda")
    assert caught.value.cause == f"--device cuda: {reason}"
    assert caught.value.hint.startswith("use --device cpu, or install a CUDA build of torch")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_mixed_precision_on_cuda() -> None:
    cuda = build_device("cuda")
    model = tiny_model().to(cuda)
    with build_precision(TrainingConfig(mixed_precision=True), cuda)():
        logits = model(pack_sequence([torch.tensor([2, 3])]).to(cuda))
    assert logits.dtype == torch.float32
    assert model.head.weight.dtype == torch.float32
