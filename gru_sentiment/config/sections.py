"""The config: frozen sections with a default for every key. No torch, no files.

`config_file.py` reads YAML into these sections; `build.py` turns them into objects.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gru_sentiment.config.combinations import problems_between
from gru_sentiment.config.section import Fraction, PartSize, Positive, Section, Seed
from gru_sentiment.config.training import TrainingConfig

CELLS_WITH_NONLINEARITY = {"rnn"}
"""LSTM and GRU have their gates' functions built in."""


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
    unlabelled_size: Positive | None = None
    """So many of these texts, drawn by `seed`; null for all. A smaller draw stands in a larger."""
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
    """Most frequent words kept, the two specials not progress_of."""


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
        if problems := problems_between(self):
            raise ValueError("\n".join(problems))
        return self
