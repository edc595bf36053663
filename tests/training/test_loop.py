"""The loop: what a step does to the weights, and what is said of an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from gru_sentiment.batch import Batch
from gru_sentiment.builders.model import build_model, release_layers
from gru_sentiment.builders.optimisation import build_average
from gru_sentiment.config.sections import Config, ModelConfig
from gru_sentiment.config.training import TrainingConfig
from gru_sentiment.errors import DivergenceError
from gru_sentiment.machine.torch_setup import seed_everything
from gru_sentiment.results.training import EvaluationRecord, StepRecord
from gru_sentiment.training import loop
from gru_sentiment.training.loop import train_epochs
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.optimizers import SCHEDULES, make_optimizer
from gru_sentiment.training.snapshot import TrainingState
from gru_sentiment.training.stopping import Stopping

Batches = Sequence[Batch] | Callable[[int], Sequence[Batch]]

CPU = torch.device("cpu")
WORDS = 9


class Bag(nn.Module):
    """The mean of a text's word vectors, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(WORDS, 3)
        self.head = nn.Linear(3, 1)

    def forward(self, tokens: PackedSequence) -> Tensor:
        vectors, lengths = pad_packed_sequence(tokens._replace(data=self.table(tokens.data)))
        return self.head(vectors.sum(dim=0) / lengths[:, None])


class FixedRate:
    """A schedule that halves the rate after every step."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def after_step(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] /= 2

    def after_evaluation(self, loss: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = loss


def make_batches(*sizes: int, seed: int = 0) -> list[Batch]:
    """Batches of random texts; rows are counted through, high ids are class 1."""
    generator = torch.Generator().manual_seed(seed)
    batches, first = [], 100
    for size in sizes:
        lengths = sorted(torch.randint(1, 6, (size,), generator=generator).tolist(), reverse=True)
        texts = [torch.randint(WORDS, (length,), generator=generator) for length in lengths]
        labels = torch.tensor([int(text.sum() > WORDS // 2 * len(text)) for text in texts])
        batches.append(Batch(pack_sequence(texts), torch.arange(first, first + size), labels))
        first += size
    return batches


def joined(batches: Sequence[Batch]) -> Batch:
    """All texts of several batches in one."""
    texts, rows, labels = [], [], []
    for batch in batches:
        assert batch.labels is not None
        padded, lengths = pad_packed_sequence(batch.tokens)
        texts += [padded[:length, i] for i, length in enumerate(lengths)]
        rows += batch.rows.tolist()
        labels += batch.labels.tolist()
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    tokens = pack_sequence([texts[i] for i in order])
    chosen = torch.tensor([labels[i] for i in order])
    return Batch(tokens, torch.tensor([rows[i] for i in order]), chosen)


def new_model() -> Bag:
    torch.manual_seed(0)
    return Bag()


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def start(
    model: nn.Module, batches: Batches, *, rate: float = 0.5, **options: Any
) -> Iterator[EvaluationRecord]:
    """The loop with SGD at a constant rate, everything else at its plainest."""
    optimizer = options.pop("optimizer", None) or make_optimizer(model, "sgd", learning_rate=rate)
    state = TrainingState(
        model,
        optimizer,
        options.pop("schedule", None) or SCHEDULES["constant"](optimizer, 1, 0.0),
        options.pop("stopping", None) or Stopping(),
        options.pop("average", None),
    )
    plain: dict[str, Any] = {"epochs": 1, "device": CPU}
    compute_loss = options.pop("compute_loss", ClassificationLoss().loss_and_correct)
    evaluate = options.pop("evaluate", lambda _: {"loss": 1.0, "accuracy": 0.5})
    return train_epochs(
        state,
        batches if callable(batches) else lambda _: batches,
        compute_loss,
        evaluate,
        **plain | options,
    )


def losses(*values: float) -> Callable[[nn.Module], dict[str, float]]:
    """An evaluation that gives one loss after the other."""
    left = iter(values)
    return lambda _: {"loss": next(left), "accuracy": 0.5}


# records


def test_one_record_an_epoch() -> None:
    evaluate = losses(0.5, 0.4, 0.45)
    records = list(start(new_model(), make_batches(4, 3), epochs=3, evaluate=evaluate))
    assert [record.epoch for record in records] == [1, 2, 3]
    assert [record.step for record in records] == [2, 4, 6]
    assert [record.scores["loss"] for record in records] == [0.5, 0.4, 0.45]
    assert [record.is_best for record in records] == [True, True, False]
    assert [record.stopped_by for record in records] == [None, None, "all 3 epochs done"]


def test_nothing_happens_before_it_is_asked_for() -> None:
    model = new_model()
    before = weights_of(model)
    records = start(model, make_batches(4), epochs=2)
    assert same(weights_of(model), before)
    next(records)
    after_one = weights_of(model)
    assert not same(after_one, before)
    records.close()  # type: ignore[attr-defined]
    assert same(weights_of(model), after_one)


def test_batches_are_asked_for_by_epoch() -> None:
    seen: list[int] = []

    def batches(epoch: int) -> list[Batch]:
        seen.append(epoch)
        return make_batches(*[2] * epoch)

    records = list(start(new_model(), batches, epochs=3))
    assert seen == [1, 2, 3]
    assert [record.step for record in records] == [1, 3, 6]


def test_stopping_ends_the_training() -> None:
    evaluate = losses(0.5, 0.6, 0.6)
    options = {"epochs": 9, "stopping": Stopping(patience=2)}
    records = list(start(new_model(), make_batches(2), evaluate=evaluate, **options))
    assert len(records) == 3
    assert records[-1].stopped_by == "no better loss for 2 evaluation(s)"


def test_the_budget_counts_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    tick = iter(range(1000))
    clock = SimpleNamespace(perf_counter=lambda: 10.0 * next(tick))
    monkeypatch.setattr(loop, "time", clock)
    # the start reads the clock once, an epoch of one batch three times: 30 s
    options = {"epochs": 9, "stopping": Stopping(max_minutes=1)}
    records = list(start(new_model(), make_batches(2), **options))
    assert len(records) == 2
    assert records[-1].stopped_by == "the budget of 1 minutes ended"


def test_training_scores_are_means_over_rows() -> None:
    given = {4: (0.5, 3), 1: (2.0, 0)}

    def compute_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        value, correct = given[len(batch)]
        return 0 * model.head.bias.sum() + value, correct  # type: ignore[union-attr, operator]

    steps: list[StepRecord] = []
    (record,) = start(
        new_model(), make_batches(4, 1), compute_loss=compute_loss, on_step=steps.append
    )
    assert record.train_loss == pytest.approx((4 * 0.5 + 1 * 2.0) / 5)
    assert record.train_accuracy == pytest.approx(3 / 5)
    assert [(s.epoch, s.epochs, s.step, s.steps) for s in steps] == [(1, 1, 1, 2), (1, 1, 2, 2)]
    assert [s.loss for s in steps] == pytest.approx([0.5, 0.8])
    assert [s.accuracy for s in steps] == pytest.approx([0.75, 0.6])


def test_rows_without_a_label_do_not_count() -> None:
    batches = [replace(batch, unlabelled=3) for batch in make_batches(5, 4)]
    given = {5: (0.5, 1), 4: (2.0, 0)}

    def compute_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        value, correct = given[len(batch)]
        return 0 * model.head.bias.sum() + value, correct  # type: ignore[union-attr, operator]

    (record,) = start(new_model(), batches, compute_loss=compute_loss)
    assert record.train_loss == pytest.approx((2 * 0.5 + 1 * 2.0) / 3)
    assert record.train_accuracy == pytest.approx(1 / 3)
    assert record.tokens == sum(batch.n_tokens for batch in batches)


def test_throughput_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that moves by 2 s whenever it is read: once at the epoch's start, once a batch."""
    tick = iter(range(1000))
    clock = SimpleNamespace(perf_counter=lambda: 2.0 * next(tick))
    monkeypatch.setattr(loop, "time", clock)
    batches = make_batches(4, 3, 2)
    tokens = [len(batch.tokens.data) for batch in batches]
    steps: list[StepRecord] = []
    first, second = start(new_model(), batches, epochs=2, on_step=steps.append)
    for record in (first, second):
        assert record.tokens == sum(tokens)
        assert record.elapsed_s == 6.0
        assert record.tokens_per_s == sum(tokens) / 6.0
    assert [step.elapsed_s for step in steps] == [2.0, 4.0, 6.0] * 2
    assert steps[1].tokens_per_s == (tokens[0] + tokens[1]) / 4.0


def test_the_rate_after_the_epochs_last_step_is_recorded() -> None:
    model = new_model()
    optimizer = make_optimizer(model, "sgd", learning_rate=0.8)
    options = {"optimizer": optimizer, "schedule": FixedRate(optimizer), "epochs": 2}
    first, second = start(model, make_batches(2, 2), evaluate=losses(0.4, 0.3), **options)
    # two steps halve it twice; the evaluation then sets it to its loss
    assert (first.learning_rate, second.learning_rate) == pytest.approx((0.2, 0.1))
    assert optimizer.param_groups[0]["lr"] == 0.3


def test_before_epoch_comes_before_its_batches() -> None:
    calls: list[str] = []

    def batches(epoch: int) -> list[Batch]:
        calls.append(f"batches {epoch}")
        return make_batches(2)

    def evaluate(_: nn.Module) -> dict[str, float]:
        calls.append("evaluate")
        return {"loss": 1.0}

    options = {"evaluate": evaluate, "epochs": 2}
    list(start(new_model(), batches, before_epoch=lambda e: calls.append(f"before {e}"), **options))
    expected = ["before 1", "batches 1", "evaluate", "before 2", "batches 2", "evaluate"]
    assert calls == expected


def test_every_epoch_trains_in_training_mode() -> None:
    modes: list[bool] = []

    def compute_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        modes.append(model.training)
        return ClassificationLoss().loss_and_correct(model, batch)

    def evaluate(model: nn.Module) -> dict[str, float]:
        model.eval()
        return {"loss": 1.0}

    list(start(new_model(), make_batches(2, 2), epochs=2, compute_loss=compute_loss,
               evaluate=evaluate))  # fmt: skip
    assert modes == [True] * 4


def test_losses_are_computed_in_the_precision_context() -> None:
    inside: list[bool] = []
    active = False

    @contextmanager
    def precision() -> Iterator[None]:
        nonlocal active
        active = True
        yield
        active = False

    def compute_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        inside.append(active)
        return ClassificationLoss().loss_and_correct(model, batch)

    list(start(new_model(), make_batches(2, 2), compute_loss=compute_loss, precision=precision))
    assert inside == [True, True]
    assert active is False


# steps


def gradient(model: Bag, batch: Batch) -> dict[str, Tensor]:
    """The gradient of a batch's mean loss, computed aside."""
    aside = Bag()
    aside.load_state_dict(model.state_dict())
    ClassificationLoss().loss_and_correct(aside, batch)[0].backward()
    return {name: p.grad for name, p in aside.named_parameters() if p.grad is not None}


def norm_of(tensors: Mapping[str, Tensor]) -> float:
    return math.sqrt(sum((tensor.double() ** 2).sum().item() for tensor in tensors.values()))


@pytest.mark.parametrize("share", [None, 0.25, 4.0])
def test_clipping_bounds_the_norm_of_the_step(share: float | None) -> None:
    model, (batch,) = new_model(), make_batches(5)
    before, full = weights_of(model), gradient(model, batch)
    clip_norm = None if share is None else share * norm_of(full)
    (record,) = start(model, [batch], rate=1.0, clip_norm=clip_norm)
    moved = {name: before[name] - tensor for name, tensor in weights_of(model).items()}
    scale = 1.0 if share is None else min(1.0, share)
    assert norm_of(moved) == pytest.approx(scale * norm_of(full), rel=1e-4)
    for name, tensor in full.items():
        torch.testing.assert_close(moved[name], scale * tensor, rtol=1e-4, atol=1e-6)
    # what is recorded is the norm before clipping
    assert record.gradient_norm == pytest.approx(norm_of(full), rel=1e-5)


def test_the_recorded_norm_is_the_mean_over_steps() -> None:
    model, batches = new_model(), make_batches(4, 4)
    norms = [norm_of(gradient(model, batch)) for batch in batches]
    # a rate of almost nothing: both steps see the same weights
    (record,) = start(model, batches, rate=1e-12)
    assert record.gradient_norm == pytest.approx(sum(norms) / 2, rel=1e-5)


def test_accumulation_equals_one_big_batch() -> None:
    parts = make_batches(3, 3, 3, 3)
    many, one = new_model(), new_model()
    (record,) = start(many, parts, accumulation_steps=4, clip_norm=0.05)
    (expected,) = start(one, [joined(parts)], clip_norm=0.05)
    assert record.step == expected.step == 1
    assert record.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
    assert record.train_loss == pytest.approx(expected.train_loss, rel=1e-6)
    for name, tensor in weights_of(one).items():
        torch.testing.assert_close(weights_of(many)[name], tensor, rtol=1e-5, atol=1e-7)


def test_the_last_step_of_an_epoch_may_hold_fewer_batches() -> None:
    parts = make_batches(2, 2, 2, 2, 2)
    many, big = new_model(), new_model()
    (record,) = start(many, parts, accumulation_steps=3)
    list(start(big, [joined(parts[:3]), joined(parts[3:])]))
    assert record.step == 2
    for name, tensor in weights_of(big).items():
        torch.testing.assert_close(weights_of(many)[name], tensor, rtol=1e-5, atol=1e-7)


def test_averaged_weights_are_evaluated_and_the_others_trained() -> None:
    decay = 0.75
    model, plain = new_model(), new_model()
    average = build_average(TrainingConfig(ema_decay=decay), model)
    batches = make_batches(3, 3, 3)
    expected: dict[str, Tensor] = {}
    for batch in batches:
        list(start(plain, [batch]))
        now = weights_of(plain)
        expected = {
            name: decay * expected[name] + (1 - decay) * now[name] if expected else now[name]
            for name in now
        }
    evaluated: list[dict[str, Tensor]] = []

    def evaluate(given: nn.Module) -> dict[str, float]:
        evaluated.append(weights_of(given))
        return {"loss": 1.0}

    list(start(model, batches, average=average, evaluate=evaluate))
    assert same(weights_of(model), weights_of(plain))
    for name, tensor in expected.items():
        torch.testing.assert_close(evaluated[0][name], tensor, rtol=1e-5, atol=1e-7)


def test_without_an_average_the_model_itself_is_evaluated() -> None:
    model, given = new_model(), []
    list(start(model, make_batches(2), evaluate=lambda m: given.append(m) or {"loss": 1.0}))
    assert given == [model]


def test_word_vectors_thaw_after_their_epochs() -> None:
    config = Config(model=ModelConfig(hidden_size=3, embedding_frozen_epochs=2))
    torch.manual_seed(0)
    model = build_model(config, torch.randn(WORDS, 4), 2, CPU)
    table = model.embedding.table.weight
    before, head = table.detach().clone(), model.head.weight.detach().clone()
    moved = []
    for _ in start(
        model,
        make_batches(4, 4),
        epochs=3,
        before_epoch=lambda epoch: release_layers(config, model, epoch),
    ):
        moved.append(not torch.equal(table, before))
        assert not torch.equal(model.head.weight, head)
    assert moved == [False, False, True]


# divergence


def diverging(at: int, loss: Callable[[Bag, Batch], Tensor]) -> Callable[..., tuple[Tensor, int]]:
    """The usual loss, and `loss` at the batch of this number."""
    calls = 0

    def compute_loss(model: Bag, batch: Batch) -> tuple[Tensor, int]:
        nonlocal calls
        calls += 1
        if calls == at:
            return loss(model, batch), 0
        return ClassificationLoss().loss_and_correct(model, batch)

    return compute_loss


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_the_rows(value: float) -> None:
    model, twin = new_model(), new_model()
    batches = make_batches(2, 3, 2)
    compute_loss = diverging(2, lambda m, _: m.head.weight.sum() * 0 + value)
    list(start(twin, batches[:1]))
    with pytest.raises(DivergenceError) as caught:
        list(start(model, batches, compute_loss=compute_loss))
    assert caught.value.cause == f"epoch 1, batch 2: the loss is {value}; rows 103, 104, 105"
    assert "lower training.learning_rate" in caught.value.hint
    assert "training.clip_norm" in caught.value.hint
    assert "gru-sent data check" in caught.value.hint
    assert same(weights_of(model), weights_of(twin))


def test_a_gradient_that_is_not_finite_is_left_unused() -> None:
    """The root of zero: its value is 0, its slope infinite."""
    model, twin = new_model(), new_model()
    batches = make_batches(2, 2)
    compute_loss = diverging(2, lambda m, _: (m.head.weight * 0).abs().sum().sqrt())
    list(start(twin, batches[:1]))
    with pytest.raises(DivergenceError) as caught:
        list(start(model, batches, compute_loss=compute_loss, clip_norm=1.0))
    assert caught.value.cause == "epoch 1, batch 2: the gradient norm is nan; rows 103, 104"
    assert "lower training.learning_rate" in caught.value.hint
    assert same(weights_of(model), weights_of(twin))


def test_only_the_first_ten_rows_are_named() -> None:
    compute_loss = diverging(1, lambda m, _: m.head.weight.sum() * math.nan)
    with pytest.raises(DivergenceError) as caught:
        list(start(new_model(), make_batches(12), compute_loss=compute_loss))
    named = ", ".join(str(row) for row in range(101, 111))
    assert caught.value.cause.endswith(f"rows {named}, …")


def test_a_validation_loss_that_is_not_finite_stops_too() -> None:
    """A step may overflow the weights of a finite loss and gradient."""
    model = new_model()
    records = start(model, make_batches(2), epochs=2, evaluate=losses(math.nan, math.nan))
    with pytest.raises(DivergenceError, match=r"epoch 1.*validation loss is nan"):
        next(records)


def test_batches_that_are_not_finite_can_be_left_out(caplog: pytest.LogCaptureFixture) -> None:
    model, twin = new_model(), new_model()
    batches = make_batches(2, 3, 2)
    compute_loss = diverging(2, lambda m, _: m.head.weight.sum() * math.nan)
    (record,) = start(model, batches, compute_loss=compute_loss, skip_non_finite=True)
    (expected,) = start(twin, [batches[0], batches[2]])
    assert same(weights_of(model), weights_of(twin))
    assert (record.skipped_batches, expected.skipped_batches) == (1, 0)
    assert record.train_loss == expected.train_loss
    assert "epoch 1, batch 2: the loss is nan; rows 103, 104, 105: left out" in caplog.text


def test_a_gradient_that_is_not_finite_can_be_left_out() -> None:
    model, twin = new_model(), new_model()
    batches = make_batches(2, 2)
    compute_loss = diverging(2, lambda m, _: (m.head.weight * 0).abs().sum().sqrt())
    (record,) = start(model, batches, compute_loss=compute_loss, skip_non_finite=True)
    list(start(twin, batches[:1]))
    assert same(weights_of(model), weights_of(twin))
    assert record.skipped_batches == 1
    assert math.isfinite(record.gradient_norm)


def constant_gradient(*values: float) -> Callable[..., tuple[Tensor, int]]:
    """Losses whose gradient has the norm 10: one after the other, times the sum of a parameter."""
    left = iter(values)

    def compute_loss(model: Bag, _: Batch) -> tuple[Tensor, int]:
        return 10 * model.head.bias.sum() + next(left), 0

    return compute_loss


@pytest.mark.parametrize("steps", [1, 2])
def test_an_update_of_batches_that_were_all_left_out_counts_for_nothing(steps: int) -> None:
    """Neither in the mean of the norms, nor by momentum or weight decay."""
    model, twin = new_model(), new_model()
    kept, lost = [0.0] * steps, [math.nan] * steps

    def advance(of: Bag, values: list[float]) -> EvaluationRecord:
        optimizer = torch.optim.SGD(of.parameters(), lr=0.5, momentum=0.9, weight_decay=0.1)
        (record,) = start(
            of,
            make_batches(*[2] * len(values)),
            optimizer=optimizer,
            schedule=FixedRate(optimizer),
            compute_loss=constant_gradient(*values),
            accumulation_steps=steps,
            skip_non_finite=True,
        )
        return record

    record = advance(model, [*kept, *lost])
    advance(twin, kept)
    assert same(weights_of(model), weights_of(twin))
    assert record.gradient_norm == pytest.approx(10.0)
    assert (record.skipped_batches, record.step) == (steps, 2)
    assert record.learning_rate == 0.5 / 4  # the schedule counts both updates


def test_an_update_with_one_batch_left_out_counts() -> None:
    (record,) = start(
        new_model(),
        make_batches(2, 2),
        compute_loss=constant_gradient(math.nan, 0.0),
        accumulation_steps=2,
        skip_non_finite=True,
    )
    # the gradients of two batches are averaged, and one of them is missing
    assert record.gradient_norm == pytest.approx(5.0)


# reproducibility


def test_the_same_seed_gives_the_same_bytes() -> None:
    config = Config(
        model=ModelConfig(hidden_size=4, layers=2, layer_dropout=0.3, dropout=0.3),
        training=TrainingConfig(ema_decay=0.9),
    )

    def trained(seed: int) -> tuple[list[EvaluationRecord], list[bytes]]:
        seed_everything(seed)
        model = build_model(config, torch.randn(WORDS, 4), 2, CPU)
        optimizer = make_optimizer(model, "adamw", learning_rate=0.01, weight_decay=0.1)
        records = start(
            model,
            make_batches(4, 4, 3),
            optimizer=optimizer,
            epochs=2,
            schedule=SCHEDULES["one_cycle"](optimizer, 6, 0.25),
            average=build_average(config.training, model),
            clip_norm=1.0,
            evaluate=lambda m: {"loss": m.head.weight.abs().sum().item()},
        )
        found = [replace(record, elapsed_s=0.0, tokens_per_s=0.0) for record in records]
        return found, [t.numpy().tobytes() for t in model.state_dict().values()]

    assert trained(3) == trained(3)
    assert trained(3)[1] != trained(4)[1]


def test_it_learns() -> None:
    model, batches = new_model(), make_batches(8, 8)
    records = list(start(model, batches, rate=2.0, epochs=40))
    assert records[-1].train_accuracy > 0.9 > records[0].train_accuracy
    assert records[-1].train_loss < records[0].train_loss / 2
