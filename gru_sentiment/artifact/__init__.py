"""A run folder on disk: written, verified, read.

::

    config.yaml                   resolved, every default written
    vocabulary.txt                a token per line, in the order of the ids
    labels.json                   the classes
    inference.json                what predictions need of the config; the tokenizer's rules
    model.safetensors             weights of the best epoch
    metrics.jsonl                 a line per epoch
    metrics.json                  final scores by split
    metadata.json                 versions, seed, device, data fingerprint, counts
    predictions-validation.jsonl  a line per validation row
    seen-texts.safetensors        hashes of the texts that were read in training
    manifest.json                 SHA-256 of these files

A folder that holds no network says what it holds in `kind.json`: a linear baseline, or a fusion,
whose runs stand in `members/0`, `members/1`, …

While it is written it is called NAME.partial and holds, besides, `checkpoints/` and `lock`.
"""
