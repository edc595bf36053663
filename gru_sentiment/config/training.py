"""The section `training`: loss, optimizer, schedule, regularisation and stopping rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gru_sentiment.config.strict import Fraction, Positive, Section

OPTIMIZERS_WITH_MOMENTUM = {"sgd", "rmsprop"}
SIGNS = {
    "loss": "-loss",
    "accuracy": "+accuracy",
    "macro_f1": "+macro_f1",
    "micro_f1": "+micro_f1",
    "roc_auc": "+roc_auc",
}
"""Scores to monitor, and whether more or less of them is better."""


def _with_sign(monitor: Any) -> Any:
    return SIGNS.get(monitor, monitor) if isinstance(monitor, str) else monitor


class FineTuningConfig(Section):
    """How the layers of a pre-trained encoder are fine-tuned (Howard & Ruder 2018)."""

    layer_decay: Annotated[float, Field(ge=1)] = 1.0
    """Discriminative fine-tuning: the head is trained with the learning rate, and each layer below
    with the rate of the layer above divided by this number (2.6 in the paper)."""
    unfreeze_epochs: Annotated[int, Field(ge=0)] = 0
    """Gradual unfreezing: every so many epochs one more layer is trained, from the head down to the
    word vectors. 0 trains all layers from the start."""


class AdversarialConfig(Section):
    """A second loss at the worst-case perturbation of the word embeddings (Miyato et al. 2017)."""

    kind: Literal["none", "adversarial", "virtual"] = "none"
    """`adversarial` adds the loss of the label at the perturbed embeddings. `virtual` adds the
    change of the predicted probabilities there, needs no label, and so uses unlabelled reviews too.
    Both double the training time."""
    epsilon: Annotated[float, Field(gt=0)] = 2.0
    """The norm of the perturbation of a text, in units of the root mean square of the word vectors
    (5 in the paper, whose networks are larger and are trained longer)."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """The weight of the second loss; the loss of the labels has weight 1."""


class UnlabelledConfig(Section):
    """What a classifier learns from reviews without labels while it is trained."""

    batch_size: Positive = 128
    """The number of unlabelled reviews that are read with every labelled batch."""
    teacher: Path | None = None
    """A run folder whose predicted probabilities are the soft labels of the unlabelled reviews
    (self-training, Yarowsky 1995; distillation, Hinton et al. 2015): a network, a baseline or a
    fusion."""
    soft_labels: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """In place of a teacher, the columns of `data.unlabelled_path` that hold the probability of
    each class, in the order of the sorted classes: `probability_negative, probability_positive` in
    a file that `gru-sent predict` wrote."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """The weight of the cross-entropy with the soft labels; the loss of the labels has weight
    1."""

    @property
    def labelled(self) -> bool:
        """Whether the texts have soft labels."""
        return self.teacher is not None or self.soft_labels is not None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.teacher is not None and self.soft_labels is not None:
            raise ValueError("soft_labels: set either this or teacher")
        if len(set(self.soft_labels or ())) < len(self.soft_labels or ()):
            raise ValueError("soft_labels: names a column twice")
        return self


class AugmentationConfig(Section):
    """Random changes of the words of training reviews, drawn again for every epoch. Evaluation and
    prediction read every review as it is."""

    word_dropout: Fraction = 0.0
    """The probability that a token becomes the unknown word. Iyyer et al. (2015) leave the token
    out; here the text keeps its length."""
    synonyms: Fraction = 0.0
    """The probability that a token becomes one of the neighbours of its word. A word without a
    vector has no neighbours."""
    neighbours: Positive = 10
    """The number of neighbours of a word: the words of the vocabulary whose initial vectors have
    the largest cosine similarity to its own."""


class TrainingConfig(Section):
    """How the weights are trained."""

    epochs: Positive = 3
    """Passes over the training split."""
    batch_size: Positive | None = 64
    """Reviews in a batch; null where `tokens_per_batch` is set."""
    tokens_per_batch: Positive | None = None
    """The most tokens in a batch, in place of `batch_size`; a longer review is a batch of its
    own."""
    max_tokens: Positive | None = None
    """The most tokens that are read of a review in training, `text.head_tokens` of them from its
    beginning; null is `text.max_tokens`. Fewer tokens make training faster, and predictions may
    still read whole reviews."""
    accumulation_steps: Positive = 1
    """Batches whose gradients are added up before one optimizer step."""
    loss: Literal["auto", "bce", "cross_entropy"] = "auto"
    """`bce` is for two classes and computes one logit; `cross_entropy` is for any number of
    classes. `auto` is bce for two classes, else cross_entropy."""
    class_weights: (
        Literal["balanced"]
        | tuple[Annotated[float, Field(gt=0)], ...]
        | dict[str, Annotated[float, Field(gt=0)]]
        | None
    ) = None
    """The weight of each class in the loss: numbers by class, such as `{spam: 3}`, where classes
    that are not named weigh 1; one number for each class in sorted order; or `balanced`, in inverse
    proportion to the rows of the class. null weighs all classes equally."""
    label_smoothing: Fraction = 0.0
    """The share of the target that is spread over all classes (Szegedy et al. 2016)."""
    optimizer: Literal["sgd", "rmsprop", "adam", "adamw"] = "adamw"
    """The optimizer. Embeddings and biases have no weight decay."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """The highest learning rate of the schedule."""
    momentum: Fraction = 0.0
    """The momentum of sgd or rmsprop."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay: decoupled in adamw, added to the gradient in the other optimizers."""
    schedule: Literal["constant", "linear", "cosine", "one_cycle", "reduce_on_plateau"] = (
        "one_cycle"
    )
    """How the learning rate changes (one_cycle: Smith & Topin 2018)."""
    warmup: Fraction = 0.25
    """The share of all steps in which one_cycle, linear and cosine raise the learning rate to its
    highest value."""
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """The factor by which reduce_on_plateau multiplies the learning rate."""
    plateau_patience: Annotated[int, Field(ge=0)] = 1
    """The number of evaluations without improvement that reduce_on_plateau waits for."""
    clip_norm: Annotated[float, Field(gt=0)] | None = 1.0
    """The largest norm of the gradient (Pascanu et al. 2013); null does not clip it."""
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The decay of an exponential moving average of the weights, which is evaluated and saved in
    place of the weights; null keeps no average."""
    mixed_precision: bool | Literal["auto"] = False
    """Multiply matrices in bfloat16 and compute all else in float32. This works on CUDA, where the
    recurrent layers stay in float32, and on a CPU with AVX-512 BF16; `auto` uses it where it is
    faster: CUDA, AMX, and AMD's AVX-512. TensorFloat-32 is never used."""
    monitor: Annotated[
        Literal["-loss", "+accuracy", "+macro_f1", "+micro_f1", "+roc_auc", "last"],
        BeforeValidator(_with_sign),
    ] = "-loss"
    """The validation score that chooses the best epoch: + means that more is better, - that less
    is; the sign may be left out. micro_f1 is for texts of several classes. Of equal scores the
    first one wins. `last` keeps the last epoch: with few validation rows a best one is chosen by
    chance."""
    patience: Positive | None = None
    """Stop after this many evaluations without a new best score; null never stops for it."""
    stop_at_loss: Annotated[float, Field(gt=0)] | None = None
    """Stop when the validation loss is at most this; null never stops for it."""
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """Stop after the epoch in which this many minutes have passed; null sets no limit."""
    fine_tuning: FineTuningConfig = FineTuningConfig()
    """Learning rates and unfreezing by layer, for `model.initialize_from`. The slanted triangular
    rates of Howard & Ruder (2018) are the schedule `linear` with a warm-up of 0.1."""
    adversarial: AdversarialConfig = AdversarialConfig()
    """A second loss that makes predictions robust to small changes of the word vectors."""
    unlabelled: UnlabelledConfig | None = None
    """Training on reviews without labels (`data.unlabelled_path`) as well; null uses none."""
    augmentation: AugmentationConfig = AugmentationConfig()
    """Tokens that are dropped or replaced at random in training."""
    on_non_finite: Literal["stop", "skip"] = "stop"
    """What to do about a loss or a gradient that is not finite: `stop` the training, or `skip` the
    batch and count it."""

    @property
    def followed(self) -> str:
        """The score that the training goes by: the loss where the last epoch is kept."""
        return "-loss" if self.monitor == "last" else self.monitor

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.batch_size is None) == (self.tokens_per_batch is None):
            raise ValueError(
                "tokens_per_batch: set either this or batch_size, and the other one to null"
            )
        if self.momentum and self.optimizer not in OPTIMIZERS_WITH_MOMENTUM:
            raise ValueError(f"momentum: {self.optimizer} has none; use sgd or rmsprop")
        if self.unlabelled is not None and not self.unlabelled.labelled:
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
