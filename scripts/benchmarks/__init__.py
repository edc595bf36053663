"""The sections of the benchmark: `measure(settings)` and `report(result)` in each."""
