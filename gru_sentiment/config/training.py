"""The section `training`: the loss, the optimizer, and what else is learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gru_sentiment.config.section import Fraction, Positive, Section

OPTIMIZERS_WITH_MOMENTUM = {"sgd", "rmsprop"}


class FineTuningConfig(Section):
    """How layers that were trained before are trained further (Howard & Ruder 2018)."""

    layer_decay: Annotated[float, Field(ge=1)] = 1.0
    """The head has the learning rate, every layer below the rate of the one above divided by
    this (discriminative fine-tuning; 2.6 in the paper)."""
    unfreeze_epochs: Annotated[int, Field(ge=0)] = 0
    """Gradual unfreezing: the head is trained alone for so many epochs, then the uppermost layer
    with it for as many, and so on down to the word vectors. 0 trains all from the start."""


class AdversarialConfig(Section):
    """A second loss at word vectors that were moved where it hurts most (Miyato et al. 2017)."""

    kind: Literal["none", "adversarial", "virtual"] = "none"
    """Both move the vectors of a review along a gradient and take twice as long. `adversarial`
    adds the loss of the label there, `virtual` how far the answer changes: it needs no label, and
    acts on unlabelled reviews too."""
    epsilon: Annotated[float, Field(gt=0)] = 2.0
    """How far all vectors of a text are moved, in units of their root mean square (5 in the paper,
    which has larger networks and trains them longer)."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """Of the second loss; the first one has 1."""


class UnlabelledConfig(Section):
    """What is learned from reviews without labels while a classifier is trained."""

    batch_size: Positive = 128
    """Unlabelled reviews read beside every labelled batch."""
    teacher: Path | None = None
    """A run whose class probabilities are the unlabelled reviews' labels (self-training, Yarowsky
    1995; distillation, Hinton et al. 2015): a network, a baseline or a fusion."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """Of the cross-entropy with the teacher's probabilities; the loss of the labels has 1."""


class AugmentationConfig(Section):
    """Training reviews in other words, drawn anew for every epoch; nothing else is changed."""

    word_dropout: Fraction = 0.0
    """Probability that a word becomes the unknown word (Iyyer et al. 2015 leave it out; here
    the text keeps its length)."""
    synonyms: Fraction = 0.0
    """Probability that a word becomes one of its neighbours. A word without a vector has none."""
    neighbours: Positive = 10
    """How many words of the vocabulary are the neighbours of a word: the nearest by the cosine of
    the vectors that the training starts from."""


class TrainingConfig(Section):
    """How the weights are fitted."""

    epochs: Positive = 3
    """Passes over the training part."""
    batch_size: Positive | None = 64
    """Reviews a batch; null where `tokens_per_batch` is set."""
    tokens_per_batch: Positive | None = None
    """Words a batch, at most, instead of `batch_size`; a longer review has a batch of its own."""
    max_tokens: Positive | None = None
    """Words read of a review that is trained on, the head as long as otherwise; null: as many as
    `text.max_tokens`. Training takes less time with fewer, and the answers may still come from
    whole reviews."""
    accumulation_steps: Positive = 1
    """Batches whose gradients are added up before an optimizer step."""
    loss: Literal["bce", "cross_entropy"] = "bce"
    """`bce`: one logit, two classes; `cross_entropy`: any number of classes."""
    class_weights: Literal["balanced"] | tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """Weight of each class in the loss: one number a class in their sorted order, or `balanced`."""
    label_smoothing: Fraction = 0.0
    """Share of the target spread over all classes (Szegedy et al. 2016)."""
    optimizer: Literal["sgd", "rmsprop", "adam", "adamw"] = "adamw"
    """Weight decay spares embeddings and biases."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """The highest rate of the schedule."""
    momentum: Fraction = 0.0
    """Of sgd and rmsprop."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled in adamw, added to the gradient in the others."""
    schedule: Literal["constant", "linear", "cosine", "one_cycle", "reduce_on_plateau"] = (
        "one_cycle"
    )
    """How the learning rate moves (one_cycle: Smith & Topin 2018)."""
    warmup: Fraction = 0.25
    """Share of all steps in which one_cycle, linear and cosine rise to the highest rate."""
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """What reduce_on_plateau multiplies the rate by."""
    plateau_patience: Annotated[int, Field(ge=0)] = 1
    """Evaluations without progress that reduce_on_plateau waits for."""
    clip_norm: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient (Pascanu et al. 2013); null does not clip."""
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Evaluate and save an exponential moving average of the weights."""
    mixed_precision: bool | Literal["auto"] = False
    """Products in bfloat16, all else in float32: on CUDA, and on a CPU with instructions for it
    (AVX-512 BF16); auto uses it where it is faster: CUDA, AMX, and AMD's AVX-512. On CUDA the
    recurrent layers stay in float32. Float32 is never TensorFloat-32, here or in evaluation."""
    monitor: Literal["-loss", "+accuracy", "+macro_f1", "+roc_auc"] = "-loss"
    """Validation score that chooses the best epoch: + more is better, - less; ties: the first."""
    patience: Positive | None = None
    """Stop after so many evaluations without a new best."""
    stop_at_loss: Annotated[float, Field(gt=0)] | None = None
    """Stop when the validation loss is at or below."""
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """Stop after the epoch in which this wall-clock budget ends."""
    fine_tuning: FineTuningConfig = FineTuningConfig()
    """Rates and unfreezing by layer, for `model.initialize_from`. Slanted triangular rates
    (Howard & Ruder 2018) are the schedule `linear` with a warm-up of 0.1."""
    adversarial: AdversarialConfig = AdversarialConfig()
    """A second loss that makes neighbouring word vectors give the same answer."""
    unlabelled: UnlabelledConfig | None = None
    """Reviews without labels (`data.unlabelled_path`) that are read too; null reads none."""
    augmentation: AugmentationConfig = AugmentationConfig()
    """Words dropped or replaced at random while training."""
    on_non_finite: Literal["stop", "skip"] = "stop"
    """What to do about a loss or gradient that is not finite: stop, or leave the batch out and
    count it."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.batch_size is None) == (self.tokens_per_batch is None):
            raise ValueError(
                "tokens_per_batch: set either this or batch_size, and the other one to null"
            )
        if self.momentum and self.optimizer not in OPTIMIZERS_WITH_MOMENTUM:
            raise ValueError(f"momentum: {self.optimizer} has none; use sgd or rmsprop")
        if self.unlabelled is not None and self.unlabelled.teacher is None:
            self._check_without_teacher(self.unlabelled)
        return self

    def _check_without_teacher(self, unlabelled: UnlabelledConfig) -> None:
        if unlabelled.weight != 1:
            raise ValueError("unlabelled.weight: is the teacher's; set unlabelled.teacher")
        if self.adversarial.kind == "adversarial":
            raise ValueError(
                "adversarial.kind: adversarial needs the label of every review, and the unlabelled "
                "ones have none; use virtual, or set unlabelled.teacher"
            )
        if self.adversarial.kind == "none":
            raise ValueError(
                "unlabelled: nothing would be learned from these reviews; set unlabelled.teacher "
                "or adversarial.kind virtual"
            )
