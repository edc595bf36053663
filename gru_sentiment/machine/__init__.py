"""The process and the machine: environment, signals, progress, provenance, settings of torch."""
