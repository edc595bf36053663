"""The data that a run was trained on, read and divided again."""

from __future__ import annotations

from gru_sentiment.arrays import Integers
from gru_sentiment.builders.dataset import build_records, build_splits
from gru_sentiment.errors import ArtifactError
from gru_sentiment.sources.records import Records
from gru_sentiment.trained.reader import Run, read_metadata


def reload_dataset(run: Run) -> tuple[Records, dict[str, Integers]]:
    """The reviews of the run's config, and the rows of every part.

    Raises:
        ArtifactError: they are no longer what the run was trained on.
        DataError: they cannot be read.
    """
    records = build_records(run.config.data)
    known = read_metadata(run.path).get("data_fingerprint")
    if known is not None and known != records.fingerprint:
        raise ArtifactError(
            f"{run.path}: its data changed since training (fingerprint {known[:12]}…, now "
            f"{records.fingerprint[:12]}…), so its parts cannot be drawn again",
            hint="score a file instead: gru-sent evaluate --data FILE",
        )
    return records, build_splits(run.config.data, records, run.labels)
