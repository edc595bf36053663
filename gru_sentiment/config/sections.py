"""The config: frozen sections with a default for every key. No torch, no files.

`loading.py` reads YAML into these sections, and the room `builders` turns them into objects. The
docstrings below are what `gru-sent config schema` prints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gru_sentiment.config.combinations import problems_between
from gru_sentiment.config.strict import Fraction, Positive, Section, Seed, SplitSize, Threads
from gru_sentiment.config.training import TrainingConfig

CELLS_WITH_NONLINEARITY = {"rnn"}
"""Cells whose activation function can be chosen."""


class DataConfig(Section):
    """The labelled reviews, the unlabelled texts, and how they are split."""

    source: Literal["package", "reviews_and_sentences", "hub", "folder", "files"] = "package"
    """Where the reviews come from. `package`: the 25,000 IMDb train reviews of the extra `offline`.
    `reviews_and_sentences`: these and the 8,530 sentences from reviews of Rotten Tomatoes that come
    with them, each set split on its own. `hub`: a dataset of the Hugging Face hub. `folder`: an
    extracted aclImdb. `files`: your own csv, tsv, jsonl, json or parquet files."""
    path: Path | None = None
    """For `folder`, the folder that holds train/ and test/. For `files`, the training file."""
    validation_path: Path | None = None
    """For `files`, the validation file. Without one, the validation split is drawn from the
    training file."""
    test_path: Path | None = None
    """For `files`, the test file. Without one, the test split is drawn from the training file."""
    dataset: str | None = None
    """For `hub`, the id of the dataset, for instance stanfordnlp/imdb."""
    revision: str | None = None
    """For `hub`, a commit or a tag of the dataset."""
    unlabelled_path: Path | None = None
    """Texts without labels, for `gru-sent pretrain` and for `training.unlabelled`: a csv, tsv,
    jsonl, json or parquet file with the text column, or a folder of .txt files such as
    aclImdb/train/unsup."""
    unlabelled_split: str | None = None
    """For `hub`, a split of the dataset with texts without labels, used in the same way."""
    unlabelled_size: Positive | None = None
    """The number of unlabelled texts to use, drawn with `seed`; null uses all. A larger draw
    contains every smaller one."""
    train_split: str = "train"
    """For `hub`, the split to train on."""
    test_split: str | None = "test"
    """For `hub`, the split to test on; null draws the test split from the training split."""
    text_column: str = "text"
    """The column that holds the review."""
    label_column: str = "label"
    """The column that holds the class: a word, or a number."""
    delimiter: str | None = None
    """The character between the values of a csv or tsv file, `tab` for a tab; null is a comma for
    .csv and a tab for .tsv."""
    quoting: Literal["auto", "double", "none"] = "auto"
    """`double`: a value of a csv or tsv file may stand in double quotes. `none`: a quote is a
    character like others. `auto`: double for .csv, none for .tsv."""
    encoding: str | None = None
    """The encoding of text files, such as latin-1 or cp1252; null goes by a byte order mark and is
    UTF-8 without one."""
    label_names: tuple[str, ...] | None = None
    """Names of the integer classes 0, 1, …; without them, predictions name the classes as the data
    does."""
    label_separator: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    """Stands between the classes of a text that may have several or none (multi-label), such as |
    in `funny|slow`. A label column that holds lists needs none."""
    weight_column: str | None = None
    """The column that says how often a row of the training file counts in the losses and in the
    linear model: a row of weight 2 counts as if it stood there twice. Scores and the vocabulary
    count every row once."""
    validation_size: SplitSize = 0.1
    """Rows (an integer) or share (below 1) of the training split that become the validation split,
    where the source has none."""
    test_size: SplitSize = 0.1
    """Rows (an integer) or share (below 1) of the training split that become the test split, where
    the source has none; 0 makes no test split."""
    train_size: Positive | None = None
    """The number of rows to train on, drawn after the other splits with the classes in proportion;
    null uses all. Apart from rounding, a larger draw contains every smaller one."""
    folds: Annotated[int, Field(ge=2, lt=2**31)] | None = None
    """The number of folds that the training rows are divided into for cross-validation, with the
    classes in proportion. `gru-sent train --folds N` sets it, and trains one run for each fold."""
    fold: Positive | None = None
    """The fold that is the validation split, from 1 to `folds`; `validation_size` has no effect
    then. null draws the validation split."""
    seed: Seed = 0
    """Seed of the splits. It is not `run.seed`, so that trainings with several seeds can share one
    split."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = self.label_names or ()
        if len({name.casefold() for name in names} - {""}) < len(names):
            raise ValueError("label_names: names two classes alike, or one not at all")
        return self


class TextConfig(Section):
    """How a review becomes tokens, and how the tokens become a vocabulary."""

    language: str = "en"
    """The language code of spaCy's rule-based tokenizer."""
    lowercase: bool = True
    """Lower-case every token. GloVe 6B knows lower-case words only."""
    max_tokens: Positive | None = 400
    """The most tokens that are read of a review. Of a longer one, the beginning and the end are
    read. null reads all tokens."""
    head_tokens: Annotated[int, Field(ge=0, lt=2**31)] = 100
    """How many of the `max_tokens` are taken from the beginning of a review; the others are taken
    from its end."""
    min_frequency: Positive = 2
    """Words that occur less often than this in the training texts are unknown words."""
    max_size: Positive | None = 25_000
    """The largest vocabulary, which keeps the most frequent words; `<unk>` and `<pad>` are not
    counted. null keeps all words."""


class VectorsConfig(Section):
    """The pretrained word vectors that the embedding starts from."""

    source: Literal["name", "package", "file", "none"] = "package"
    """Where the word vectors come from. `package`: GloVe 6B with 50 dimensions, of the extra
    `offline`. `name`: a known set, which is downloaded once. `file`: a .txt, .txt.gz or .zip file.
    `none`: random vectors."""
    name: str | None = None
    """For `name`, the name of the set, for instance glove.6B.100d, glove.840B.300d or
    fasttext.en.300d."""
    path: Path | None = None
    """For `file`, a file in GloVe's text format."""
    dimension: Positive | None = None
    """The dimension of the vectors. `none` takes 100 by default; other sources have their own,
    which is compared with this one."""
    unseen_words: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """The number of words that the vocabulary takes from the vectors, beyond those of the training
    texts: the first ones of their file, which are the most frequent in GloVe and fastText. Training
    leaves their vectors as they are. With few training texts a prediction rests on them."""


class ModelConfig(Section):
    """The network: embedding, recurrent layers, pooling and a linear head."""

    cell: Literal["rnn", "lstm", "gru"] = "gru"
    """The recurrent cell."""
    nonlinearity: Literal["tanh", "relu"] | None = None
    """The activation function of an rnn; null is tanh."""
    hidden_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    """The size of the hidden state in each direction."""
    layers: Annotated[int, Field(ge=1, le=64)] = 1
    """The number of recurrent layers."""
    initialize_from: Path | None = None
    """A run folder of `gru-sent pretrain` or `gru-sent train`; `bundled` is the encoder in the
    package, `bundled/classifier` the classifier in it. The training takes its vocabulary and starts
    from its word vectors and recurrent layers (Dai & Le 2015); from a classifier of the same
    classes it takes the head too."""
    bidirectional: bool = True
    """Read each review in both directions."""
    pooling: Annotated[
        tuple[Literal["last", "mean", "max", "attention"], ...], Field(min_length=1)
    ] = ("max", "mean", "last")
    """How the outputs of the recurrent layers at all tokens become one vector. The vectors of
    several poolings are concatenated."""
    embedding_dropout: Fraction = 0.0
    """Dropout on the word vectors."""
    layer_dropout: Fraction = 0.0
    """Dropout between the recurrent layers."""
    dropout: Fraction = 0.0
    """Dropout on the pooled vector."""
    ngrams: bool = False
    """Fit a linear model of one to three words, weighted by naive Bayes, beside the network, and
    predict with both. Their weights are fitted on the validation split, so that the better one of
    them counts for more."""
    embedding_frozen_epochs: Annotated[int, Field(ge=0)] | Literal["all"] = 0
    """The number of epochs before the word vectors are trained too; 0 trains them from the start,
    `all` never."""

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
    """The language model of `gru-sent pretrain`. `training.batch_size` is the number of streams
    that it reads in each direction."""

    direction: Literal["forward", "both"] = "forward"
    """`forward` trains a model that predicts the next token. `both` trains a second model beside
    it, with the same word vectors, that reads every text backwards; a classifier with
    `model.bidirectional` starts from these two."""
    window: Positive = 64
    """The number of tokens of a stream that the gradient flows back through (truncated
    back-propagation through time)."""
    negatives: Positive = 1024
    """The number of negative samples for every batch (sampled softmax)."""
    held_out: SplitSize = 0.01
    """Texts (an integer) or share of them (below 1) that the perplexity is measured on; the model
    is not trained on them."""

    @property
    def directions(self) -> int:
        """The number of language models that are trained side by side."""
        return 2 if self.direction == "both" else 1


SCHEDULES_OF_ALL_STEPS = {"linear", "cosine", "one_cycle"}
"""Schedules that need the total number of steps at the start of a training."""


class RunConfig(Section):
    """How and where a training runs: seed, device, threads and folders."""

    seed: Seed = 0
    """Seed of the initial weights, of dropout and of the order of the batches."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """The device to train on; `auto` takes CUDA where it is available."""
    threads: Threads | None = None
    """The number of CPU threads of torch; null is one for each core. Results are reproducible for
    one number of threads."""
    processes: Threads | None = None
    """The number of processes that tokenise; null is one for each core, or fewer for a small
    dataset."""
    output: Path | None = None
    """The run folder; null is a folder in runs/ with the name of the config file."""
    checkpoint_every: Annotated[str, Field(pattern=r"^[1-9][0-9]* (step|minute)s?$")] | None = (
        "1 minute"
    )
    """How often a checkpoint is saved, such as `200 steps` or `5 minutes`: a training that is
    killed loses at most this much. null saves one after every evaluation only."""
    keep_checkpoint: bool = False
    """Keep the last two checkpoints in the finished run, so that --resume can train it for more
    epochs. With adam, each is three times as large as the weights."""
    deterministic: bool = False
    """On CUDA, refuse every operation that is not deterministic. On the CPU all operations are
    deterministic."""


class Config(Section):
    """A whole training, from the data to the run folder."""

    data: DataConfig = DataConfig()
    text: TextConfig = TextConfig()
    vectors: VectorsConfig = VectorsConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    pretraining: PretrainingConfig | None = None
    """The language model; only for `gru-sent pretrain`."""
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if problems := problems_between(self):
            raise ValueError("\n".join(problems))
        return self
