"""Random damage to run folders. As a program: all of it, within a limit of memory.

    python tests/artifact/fuzz.py RUN COPY MUTATIONS

A damaged run must be refused with one clear message, or answer as before; an encoder's answer is
what a classifier starts from. A run whose manifest was
made to fit the damage, as a stranger can do, may answer otherwise; it must not crash, hang or take
more than a gibibyte.
"""

from __future__ import annotations

import json
import math
import random
import re
import resource
import shutil
import struct
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

import gru_sentiment
from gru_sentiment.artifact.files import (
    CALIBRATION,
    CONFIG,
    ENCODER,
    INFERENCE,
    KIND,
    LABELS,
    MANIFEST,
    NEEDED,
    NGRAMS,
    VOCABULARY,
    WEIGHTS,
)
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.builders.model import build_model
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import UserError
from gru_sentiment.trained.encoder import NEEDED as ENCODER_NEEDED
from gru_sentiment.trained.encoder import load_encoder

OF_NET, OF_NGRAMS = (*NEEDED, CALIBRATION, INFERENCE), (KIND, *NEEDED, CALIBRATION)
OF_BASELINE = (*OF_NGRAMS, INFERENCE)
MEMBER = (*(f"members/0/{name}" for name in OF_NET), *(f"members/1/{n}" for n in OF_BASELINE))
NEEDED_BY = {
    "net": OF_NET,
    "baseline": OF_BASELINE,
    "fusion": (KIND, CONFIG, LABELS, INFERENCE, *MEMBER),
    "encoder": ENCODER_NEEDED["encoder"],
    "both": (*OF_NET, CALIBRATION, *(f"{NGRAMS}/{name}" for name in OF_NGRAMS)),
}
"""What each kind of run is read from, a fusion being one of a net and a baseline; `both` is a net
with an n-gram model beside it."""
TEXTS = ["a great film", "awful, dull and boring", "good bad", ""]
EXTREMES: list[Any] = [
    None, True, -1, 0, 2**31, 2**63, 10**30, 0.5, 1e308, "", "x", "\u0000", [], {}, [[]], ["a"],
    {"a": 1}, "nan", "9" * 5000,
]  # fmt: skip
GIBIBYTE = 1 << 30

Random = random.Random


def flipped(content: bytes, generator: Random) -> bytes:
    """One to eight bits turned over."""
    found = bytearray(content)
    for _ in range(generator.randint(1, 8)):
        found[generator.randrange(len(found))] ^= 1 << generator.randrange(8)
    return bytes(found)


def cut(content: bytes, generator: Random) -> bytes:
    """A piece gone: from the end, the beginning or the middle."""
    a, b = sorted(generator.randrange(len(content) + 1) for _ in range(2))
    return generator.choice([content[:a], content[b:], content[:a] + content[b:]])


def grown(content: bytes, generator: Random) -> bytes:
    """Bytes put in between."""
    at = generator.randrange(len(content) + 1)
    return content[:at] + generator.randbytes(generator.randint(1, 64)) + content[at:]


def lines_moved(content: bytes, generator: Random) -> bytes:
    """Lines in another order, doubled or left out."""
    lines = content.splitlines(keepends=True)
    i, j = generator.randrange(len(lines)), generator.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return b"".join(generator.choice([lines, lines[:i] + lines[j:], [*lines, lines[i]]]))


def json_changed(content: bytes, generator: Random) -> bytes:
    """A value of another type somewhere, or a key of another name."""
    value = json.loads(content)

    def change(inner: Any) -> Any:
        if isinstance(inner, dict) and inner and generator.random() < 0.8:
            key = generator.choice(sorted(inner))
            renamed = key if generator.random() < 0.8 else key + "x"
            return {**{k: v for k, v in inner.items() if k != key}, renamed: change(inner[key])}
        if isinstance(inner, list) and inner and generator.random() < 0.7:
            i = generator.randrange(len(inner))
            return [*inner[:i], change(inner[i]), *inner[i + 1 :]]
        return generator.choice(EXTREMES)

    return json.dumps(change(value)).encode()


def yaml_changed(content: bytes, generator: Random) -> bytes:
    """A value of the config replaced."""
    lines = content.decode().splitlines()
    values = [i for i, line in enumerate(lines) if re.match(r"\s+\w+: ", line)]
    i = generator.choice(values)
    lines[i] = lines[i].split(": ")[0] + ": " + json.dumps(generator.choice(EXTREMES))
    return "\n".join(lines).encode()


def header_changed(content: bytes, generator: Random) -> bytes:
    """Tensors swapped, of huge or negative shapes, of other types, or anywhere in the file."""
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    names = [name for name in header if name != "__metadata__"]
    a, b = generator.choice(names), generator.choice(names)
    kind = generator.randrange(6)
    if kind == 0:
        header[a], header[b] = header[b], header[a]
    elif kind == 1:
        header[a]["shape"] = [generator.choice([2**40, 10**15, 0, 1]), generator.choice([1, 2**20])]
    elif kind == 2:
        header[a]["dtype"] = generator.choice(["F64", "I8", "BF16", "BOOL", "F32", "??"])
    elif kind == 3:
        header[a]["data_offsets"] = [generator.randrange(2**34), generator.randrange(2**34)]
    elif kind == 4:
        header = json.loads(json_changed(json.dumps(header).encode(), generator))
    else:
        del header[a]
    text = json.dumps(header).encode()
    size = len(text) if generator.random() < 0.9 else generator.randrange(2**62)
    return struct.pack("<Q", size) + text + data


Mutation = Callable[[bytes, Random], bytes]
ANY: list[Mutation] = [flipped, cut, grown]
MUTATIONS: dict[str, list[Mutation]] = {
    CONFIG: [*ANY, lines_moved, yaml_changed],
    VOCABULARY: [*ANY, lines_moved],
    LABELS: [*ANY, json_changed],
    KIND: [*ANY, json_changed],
    CALIBRATION: [*ANY, json_changed],
    INFERENCE: [*ANY, json_changed],
    WEIGHTS: [*ANY, header_changed],
    MANIFEST: [*ANY, json_changed, lines_moved],
}


def asked(run: Path) -> Callable[[Path], Any]:
    """How a run is asked, as long as it says what it is."""
    if kind_of(run) != ENCODER:
        return predictions_of
    encoder = load_encoder(run)
    model = encoder.config.model.model_copy(update={"bidirectional": encoder.bidirectional})
    classifier = encoder.config.model_copy(update={"model": model, "pretraining": None})
    return partial(start_from, classifier)


def predictions_of(run: Path) -> list[dict[str, Any]]:
    """What the run says of the texts; probabilities are finite."""
    found = [prediction.to_json() for prediction in gru_sentiment.load(run).predict(TEXTS)]
    assert all(math.isfinite(p) for row in found for p in row["probabilities"].values())
    return found


def alike(found: Any, expected: Any) -> bool:
    """Whether answers are the same, but for the rounding of probabilities.

    A run whose manifest no longer names inference.json is read with torch.
    """
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, abs_tol=1e-6)
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            alike(v, expected[k]) for k, v in found.items()
        )
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    return bool(found == expected)


def start_from(config: Config, run: Path) -> tuple[str, dict[str, list[float]]]:
    """The words and weights of a classifier that starts from an encoder; they are finite."""
    encoder = load_encoder(run)
    encoder.check_fits(config)
    torch.manual_seed(0)
    weights = encoder.embedding.clone()
    model = build_model(config, weights, 2, torch.device("cpu"))
    encoder.initialize(model, [])
    found = {name: tensor.flatten().tolist() for name, tensor in model.state_dict().items()}
    assert all(math.isfinite(value) for values in found.values() for value in values)
    return encoder.vocabulary.to_text(), found


def files_of(run: Path) -> list[str]:
    """What can be damaged in a run of any kind."""
    names = NEEDED_BY[kind_of(run)]
    members = sorted({Path(name).parent.as_posix() for name in names} - {"."})
    return [*names, MANIFEST, *(f"{member}/{MANIFEST}" for member in members)]


def kind_of(run: Path) -> str:
    """What the run folder holds."""
    if (run / NGRAMS).exists():
        return "both"
    text = (run / KIND).read_bytes() if (run / KIND).exists() else b'{"kind": "net"}'
    return str(json.loads(text)["kind"])


def fit_manifests(run: Path, name: str, needed: tuple[str, ...]) -> None:
    """Make the manifests fit the files, that of a damaged member first."""
    if "/" in name:
        member = run / name.rpartition("/")[0]
        write_manifest(member, OF_BASELINE)
    write_manifest(run, needed)


def damage(run: Path, name: str, mutations: int, seed: int = 0) -> Counter[str]:
    """Damage a file of `run` again and again, and put it back.

    Raises:
        AssertionError: a wrong answer without a word.
    """
    generator, path = Random(seed), run / name
    content, needed = path.read_bytes(), NEEDED_BY[kind_of(run)]
    manifests = {path: path.read_bytes() for path in run.rglob(MANIFEST)}
    answers, outcomes = asked(run), Counter[str]()
    expected = answers(run)
    for i in range(mutations):
        mutation = generator.choice(MUTATIONS[path.name])
        path.write_bytes(mutation(content, generator))
        strangers = path.name != MANIFEST and i % 2 == 1
        if strangers:
            fit_manifests(run, name, needed)
        try:
            found = answers(run)
        except UserError:
            outcomes["refused"] += 1
        else:
            outcomes["a stranger's" if strangers else "unchanged"] += 1
            if not strangers:
                assert alike(found, expected), f"{name}: mutation {i}, {mutation.__name__}"
        path.write_bytes(content)
        for manifest, whole in manifests.items():
            manifest.write_bytes(whole)
    assert answers(run) == expected
    return outcomes


def _limit_memory(extra: int) -> None:
    """From here on this process may take `extra` bytes more."""
    status = Path("/proc/self/status").read_text("utf-8")
    held = int(re.search(r"VmData:\s+(\d+) kB", status)[1]) << 10  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_DATA, (held + extra, held + extra))


def main() -> None:
    """Every file of a copy of a run."""
    run, copy, mutations = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    shutil.copytree(run, copy)
    asked(copy)(copy)  # what is loaded once is not counted
    _limit_memory(GIBIBYTE)
    for name in files_of(copy):
        print(name, json.dumps(damage(copy, name, mutations)), flush=True)


if __name__ == "__main__":
    main()
