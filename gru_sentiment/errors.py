"""Errors that the user can fix. Each carries its cause and the next step."""


class UserError(Exception):
    """A problem that the user can fix; the command line prints it and exits with code 2."""

    def __init__(self, cause: str, *, hint: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.cause}\n  {self.hint}" if self.hint else self.cause


class ConfigError(UserError):
    """A config file, an override or a combination of settings that cannot work."""


class DataError(UserError):
    """Reviews or labels that cannot be read or used."""


class UnclearColumnError(DataError):
    """Several columns of a file could hold the labels: `candidates`."""

    def __init__(self, cause: str, *, candidates: list[str], hint: str) -> None:
        super().__init__(cause, hint=hint)
        self.candidates = candidates


class VectorsError(UserError):
    """Word vectors that cannot be found, read or fitted to the model."""


class ArtifactError(UserError):
    """A run folder that is missing, incomplete, inconsistent or in the way."""


class DeviceError(UserError):
    """A device or a precision that this machine does not have."""


class MissingPackageError(UserError):
    """A package of an extra that is needed and is not installed."""


class DivergenceError(UserError):
    """A loss or a gradient that is no longer finite."""


class OutputError(UserError):
    """A standard output that is closed, full, or refuses to be written for another reason."""


class ReaderLeftError(Exception):
    """Nobody reads the pipe that rows are written to any more; the command ends quietly."""
