"""gru-sent: small, accurate recurrent sentiment classifiers on an ordinary computer.

`load` reads a trained run, which then predicts; `train` trains one. Nothing heavy is imported
before they are called.
"""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False  # `typing` takes a while to be imported
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gru_sentiment.inference.classifier import Classifier
    from gru_sentiment.results.predictions import Prediction

__all__ = ["BUNDLED", "Classifier", "Prediction", "__version__", "load", "train"]
__version__ = "0.1.0"
BUNDLED = Path("bundled")
"""Means the run in the package, wherever a run folder is named."""


def load(
    run: str | Path | None = BUNDLED, *, device: str = "auto", threads: int | None = None
) -> Classifier:
    """A trained run that predicts.

    Args:
        run: a run folder; by default the one in the package. None is the latest run below runs/.
        device: `auto`, `cpu` or `cuda`. Texts are predicted on the CPU and without torch, unless
            `cuda` is named or the run can be read with torch alone.
        threads: CPU threads of the recurrent layers; by default one for each core.

    Raises:
        ArtifactError: there is no such run, or it is damaged.
        DeviceError: there is no such device.
    """
    path = None if run is None else Path(run)
    if device != "cuda":
        from gru_sentiment.recipes import load as without_torch

        if classifier := without_torch.load(path, threads=threads):
            return classifier
    from gru_sentiment.recipes import load_with_torch

    return load_with_torch.load(path, device=device, threads=threads)


def train(config: str | Path | Mapping[str, Any]) -> Path:
    """Train as `gru-sent train` does, and return the run folder. Nothing is printed.

    Args:
        config: a config file (.yaml), a file of labelled texts, or sections of a config, such as
            `{"data": {"source": "files", "path": "reviews.csv"}}`.

    Raises:
        UserError: config, data, vectors, device or output that cannot be used.
    """
    from gru_sentiment.config import loading
    from gru_sentiment.machine.progress import SilentProgress
    from gru_sentiment.recipes import init
    from gru_sentiment.recipes import train as recipe

    if not isinstance(config, str | Path):
        settings, name = loading.config_of(config), "run"
    elif (path := Path(config)).suffix in {".yaml", ".yml"}:
        settings, name = loading.load_config(path), path.stem
    else:
        settings, name = init.config_for(path), path.name.split(".")[0]
    return Path(recipe.train(settings, SilentProgress(), name=name).run)


def __getattr__(name: str) -> object:
    """The classes of what is returned, for annotations and `isinstance`."""
    modules = {"Classifier": "inference.classifier", "Prediction": "results.predictions"}
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{modules[name]}"), name)
