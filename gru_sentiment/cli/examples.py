"""Examples that `--help` shows, by command: what each is for, and what is typed."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "init": (
        (
            "Write reviews.yaml for your own file",
            "gru-sent init reviews.csv",
        ),
    ),
    "train": (
        (
            "Train on your own file",
            "gru-sent train reviews.csv",
        ),
        (
            "See how well few rows can be learned: a run for each of 5 folds",
            "gru-sent train reviews.csv --folds 5",
        ),
        (
            "Train the GRU of the example config",
            "gru-sent train --config configs/gru.yaml",
        ),
        (
            "Train an LSTM into a folder of its own",
            "gru-sent train -c configs/gru.yaml --set model.cell=lstm -o runs/lstm",
        ),
    ),
    "pretrain": (
        (
            "Pre-train on reviews without labels",
            "gru-sent pretrain -c configs/pretrain.yaml --set data.unlabelled_path=raw.csv",
        ),
    ),
    "reproduce": (
        (
            "Train runs/gru again, into runs/gru-reproduced",
            "gru-sent reproduce runs/gru",
        ),
    ),
    "baseline": (
        (
            "Fit all models, and save the best as runs/baseline",
            "gru-sent baseline --config configs/gru.yaml",
        ),
    ),
    "fuse": (
        (
            "Combine a network and a baseline into runs/fused",
            "gru-sent fuse runs/gru runs/baseline",
        ),
    ),
    "evaluate": (
        (
            "Score your own reviews, and fail if accuracy is surely not 90 %",
            "gru-sent evaluate runs/gru --data reviews.csv --fail-under accuracy=0.9@lower",
        ),
        (
            "Check the behaviour on negation and typos",
            "gru-sent evaluate runs/gru --suite negation --suite typos",
        ),
    ),
    "predict": (
        (
            "Predict one text with the latest run",
            'gru-sent predict "What a waste of two hours."',
        ),
        (
            "Predict every row of a file",
            "gru-sent predict --run runs/gru --input reviews.csv --output predicted.csv",
        ),
    ),
    "export": (
        (
            "Write a network that onnxruntime runs, with its word vectors in 8 bits",
            "gru-sent export runs/gru --format onnx --int8 --output exported",
        ),
        (
            "Write any run for programs that have numpy alone",
            "gru-sent export runs/gru --format numpy --output exported",
        ),
    ),
    "runs": (
        (
            "List the runs with a GRU, the most accurate on validation first",
            "gru-sent runs --filter cell=gru --sort validation",
        ),
    ),
    "compare": (
        (
            "Compare two runs with a third",
            "gru-sent compare runs/gru runs/lstm runs/baseline",
        ),
    ),
    "config check": (
        (
            "Check a config and a change to it",
            "gru-sent config check configs/gru.yaml --set model.layers=2",
        ),
    ),
    "config show": (
        (
            "Print every setting of a config",
            "gru-sent config show configs/gru.yaml",
        ),
    ),
    "config schema": (
        (
            "Print the schema, to be saved for your editor",
            "gru-sent config schema",
        ),
    ),
    "data check": (
        (
            "Check the reviews of a config before training on them",
            "gru-sent data check --config configs/gru.yaml",
        ),
        (
            "List the labels of your own file that are likely wrong",
            "gru-sent data check --config reviews.yaml --labels",
        ),
    ),
}


def epilog(command: str) -> str:
    """The examples below a command's help; every paragraph becomes a line."""
    lines = [line for what, typed in EXAMPLES[command] for line in (f"# {what}:", typed)]
    return "\n\n".join(["Examples:", *lines])
