"""The config: frozen sections with a default for every key. No torch, no files.

`config_file.py` reads YAML into these sections; `build.py` turns them into objects.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(ge=1, lt=2**31)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
PartSize = Annotated[int, Field(ge=0)] | Fraction

CELLS_WITH_NONLINEARITY = {"rnn"}
"""LSTM and GRU have their gates' functions built in."""
OPTIMIZERS_WITH_MOMENTUM = {"sgd", "rmsprop"}


class Section(BaseModel):
    """Frozen and strict: an unknown key or a value of another type is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class DataConfig(Section):
    """Where labelled reviews come from and how they are divided."""

    source: Literal["package", "hub", "folder", "files"] = "package"
    """`package`: the 25,000 IMDb train reviews of the extra `offline`; `hub`: a data set of the
    Hugging Face hub; `folder`: an extracted aclImdb; `files`: your own csv, tsv, jsonl, json or
    parquet."""
    path: Path | None = None
    """`folder`: the folder that holds train/ and test/; `files`: the training file."""
    validation_path: Path | None = None
    """`files`: the validation file; without one the part is drawn from the training file."""
    test_path: Path | None = None
    """`files`: the test file; without one the part is drawn from the training file."""
    dataset: str | None = None
    """`hub`: the data set's id, for instance stanfordnlp/imdb."""
    revision: str | None = None
    """`hub`: a commit or tag of the data set."""
    unlabelled_path: Path | None = None
    """More texts, for `gru-sent pretrain` and `training.unlabelled`: a csv, tsv, jsonl, json or
    parquet file with the text column, or a folder of .txt files such as aclImdb/train/unsup."""
    unlabelled_split: str | None = None
    """`hub`: a split with more texts, for the same."""
    train_split: str = "train"
    """`hub`: the split to train on."""
    test_split: str | None = "test"
    """`hub`: the split to test on; null draws one from the training split."""
    text_column: str = "text"
    """Column that holds the review."""
    label_column: str = "label"
    """Column that holds the class, a string or an integer."""
    label_names: tuple[str, ...] | None = None
    """Names for integer classes 0, 1, …; without them labels come back as given."""
    validation_size: PartSize = 0.1
    """Rows (an integer) or share (below 1) of the training part kept for validation."""
    test_size: PartSize = 0.1
    """Rows or share kept for testing where the source has no test part; 0 for none."""
    train_size: Positive | None = None
    """Rows of the training part that are trained on, drawn last, the classes in proportion; null
    for all. But for rounding, a smaller part stands in a larger one."""
    seed: Seed = 0
    """Seed of the split; apart from `run.seed`, so that several seeds share one split."""


class TextConfig(Section):
    """From a review to words, and from words to a vocabulary."""

    language: str = "en"
    """Language code of spaCy's rule-based tokenizer."""
    lowercase: bool = True
    """Lower-case every word (GloVe 6B knows lower case only)."""
    max_tokens: Positive | None = 400
    """Words read of a review; longer ones keep a head and a tail. null reads all."""
    head_tokens: Annotated[int, Field(ge=0, lt=2**31)] = 100
    """How many of `max_tokens` come from the beginning; the others from the end."""
    min_frequency: Positive = 2
    """Words rarer than this in what is trained on are unknown."""
    max_size: Positive | None = 25_000
    """Most frequent words kept, the two specials not counted."""


class VectorsConfig(Section):
    """Pretrained word vectors that the embedding starts from."""

    source: Literal["name", "package", "file", "none"] = "package"
    """`package`: GloVe 6B 50-d of the extra `offline`; `name`: a known set, downloaded once;
    `file`: .txt, .txt.gz or .zip; `none`: random."""
    name: str | None = None
    """`name`: for instance glove.6B.100d, glove.840B.300d or fasttext.en.300d."""
    path: Path | None = None
    """`file`: the file in GloVe's text format."""
    dimension: Positive | None = None
    """Numbers a word. Needed for `none` (default 100), otherwise checked against the vectors."""


class ModelConfig(Section):
    """The network: embedding, recurrent layers, pooling, linear head."""

    cell: Literal["rnn", "lstm", "gru"] = "gru"
    """The recurrent cell."""
    nonlinearity: Literal["tanh", "relu"] | None = None
    """Of an rnn; null is tanh."""
    hidden_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    """Size of the state, per direction."""
    layers: Annotated[int, Field(ge=1, le=64)] = 1
    """Recurrent layers on top of each other."""
    initialize_from: Path | None = None
    """A run of `gru-sent pretrain`: its vocabulary, word vectors and recurrent layers are what the
    training starts from (Dai & Le 2015)."""
    bidirectional: bool = True
    """Read in both directions."""
    pooling: Annotated[
        tuple[Literal["last", "mean", "max", "attention"], ...], Field(min_length=1)
    ] = ("max", "mean", "last")
    """How the words' outputs become one vector; several are joined."""
    embedding_dropout: Fraction = 0.0
    """On word vectors."""
    layer_dropout: Fraction = 0.0
    """Between recurrent layers."""
    dropout: Fraction = 0.0
    """On the pooled vector."""
    embedding_frozen_epochs: Annotated[int, Field(ge=0)] | Literal["all"] = 0
    """Epochs before the word vectors are fine-tuned: 0 from the start, `all` never."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.nonlinearity and self.cell not in CELLS_WITH_NONLINEARITY:
            raise ValueError(f"nonlinearity: cell {self.cell} has none to choose; remove it")
        if self.layer_dropout and self.layers == 1:
            raise ValueError("layer_dropout: acts between layers and layers is 1; use dropout")
        if len(set(self.pooling)) < len(self.pooling):
            raise ValueError("pooling: names a pooling twice")
        return self


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
    """`adversarial` moves along the gradient of the loss and takes 2.5 times as long; `virtual`
    where the answer changes most, without looking at the label: it acts on unlabelled reviews too.
    """
    epsilon: Annotated[float, Field(gt=0)] = 5.0
    """How far all vectors of a text are moved, in units of their root mean square."""
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
    entropy_weight: Annotated[float, Field(ge=0)] = 0.0
    """Of the entropy of the answers to unlabelled reviews (Grandvalet & Bengio 2005)."""


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
    mixed_precision: bool = False
    """bfloat16 where it is safe; CUDA only."""
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
        if self.adversarial.kind == "none" and not unlabelled.entropy_weight:
            raise ValueError(
                "unlabelled: nothing would be learned from these reviews; set unlabelled.teacher, "
                "unlabelled.entropy_weight or adversarial.kind virtual"
            )


class PretrainingConfig(Section):
    """The language model of `gru-sent pretrain`; `training.batch_size` is its number of streams,
    in each direction."""

    direction: Literal["forward", "both"] = "forward"
    """`forward` predicts the word that comes next; `both` trains a second model beside it, with
    the same word vectors, that reads every text from its end: the encoder of a classifier with
    `model.bidirectional`."""
    window: Positive = 64
    """Words of a stream that the gradient goes back over (truncated back-propagation)."""
    negatives: Positive = 1024
    """Words that the next one is told from in training, drawn anew for every batch."""
    held_out: PartSize = 0.01
    """Texts (an integer) or share of them kept for the perplexity."""

    @property
    def directions(self) -> int:
        """Models side by side."""
        return 2 if self.direction == "both" else 1


SCHEDULES_OF_ALL_STEPS = {"linear", "cosine", "one_cycle"}
"""Laid out over the number of steps that is known at the start."""


class RunConfig(Section):
    """The machine's side: seed, device, threads, folders."""

    seed: Seed = 0
    """Of the initial weights, dropout and the order of batches."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes CUDA where there is one."""
    threads: Positive | None = None
    """CPU threads of torch; null is one a core. Results are reproducible for one thread count."""
    processes: Positive | None = None
    """Processes that tokenise; null is one a core where there is enough to do."""
    output: Path | None = None
    """Run folder; null is runs/ and the config's name."""
    checkpoint_every: Annotated[str, Field(pattern=r"^[1-9][0-9]* (step|minute)s?$")] | None = (
        "1 minute"
    )
    """How much of a killed training is lost at most: `200 steps` or `5 minutes`. null saves a
    checkpoint after every evaluation alone."""
    keep_checkpoint: bool = False
    """Keep the last two checkpoints in the finished run, to train it further with --resume; each
    is three times the size of the weights with adam."""
    deterministic: bool = False
    """CUDA: refuse operations that are not deterministic, by name. On the CPU all of them are."""


class Config(Section):
    """A whole training, from data to run folder."""

    data: DataConfig = DataConfig()
    text: TextConfig = TextConfig()
    vectors: VectorsConfig = VectorsConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    pretraining: PretrainingConfig | None = None
    """Only for `gru-sent pretrain`."""
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [
            *_missing_for_source(self),
            *_text_problems(self.text),
            *_pretraining_problems(self),
        ]
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _missing_for_source(config: Config) -> list[str]:
    data, vectors = config.data, config.vectors
    problems = []
    if data.source in {"folder", "files"} and data.path is None:
        problems.append(f"data.path: needed for data.source {data.source}")
    if data.source == "hub" and data.dataset is None:
        problems.append("data.dataset: needed for data.source hub, for instance stanfordnlp/imdb")
    if data.validation_size == 0 and data.validation_path is None:
        problems.append("data.validation_size: must be above 0; the best epoch is chosen on it")
    if vectors.source == "file" and vectors.path is None:
        problems.append("vectors.path: needed for vectors.source file")
    if vectors.source == "name" and vectors.name is None:
        problems.append("vectors.name: needed for vectors.source name, for instance glove.6B.100d")
    if vectors.source == "none" and config.model.embedding_frozen_epochs == "all":
        problems.append(
            "model.embedding_frozen_epochs: all would leave the random vectors of vectors.source "
            "none as they are; set a number of epochs"
        )
    if (
        vectors.source == "none"
        and config.training.augmentation.synonyms
        and not (config.model.initialize_from or config.pretraining)
    ):
        problems.append(
            "training.augmentation.synonyms: the random vectors of vectors.source none have no "
            "neighbours that mean the same; choose another source, or set model.initialize_from"
        )
    return problems


def _pretraining_problems(config: Config) -> list[str]:
    if config.pretraining is None:
        return []
    problems = []
    if config.model.bidirectional:
        problems.append(
            "model.bidirectional: a model that reads in both directions has seen the word that it "
            "is to predict; set it to false (pretraining.direction: both trains one model a "
            "direction)"
        )
    if config.pretraining.directions > 1 and config.model.layers > 1:
        problems.append(
            f"model.layers: {config.model.layers}, and pretraining.direction: both is for 1: the "
            "second layer of a bidirectional classifier reads both directions, which a language "
            "model's may not; set it to 1, or pretraining.direction to forward"
        )
    if config.training.batch_size is None:
        problems.append("training.batch_size: needed for pretraining, it is the number of streams")
    if config.training.monitor != "-loss":
        problems.append(
            f"training.monitor: {config.training.monitor} is no score of a language model; use "
            "-loss"
        )
    if config.training.unlabelled is not None:
        problems.append(
            "training.unlabelled: is for a classifier; a language model reads data.unlabelled_path "
            "without it"
        )
    if config.training.augmentation != AugmentationConfig():
        problems.append(
            "training.augmentation: acts on a classifier's reviews, not in pretraining; remove it"
        )
    return problems


def _text_problems(text: TextConfig) -> list[str]:
    if text.max_tokens is not None and text.head_tokens > text.max_tokens:
        return [
            f"text.head_tokens: {text.head_tokens} is more than text.max_tokens {text.max_tokens}"
        ]
    return []
