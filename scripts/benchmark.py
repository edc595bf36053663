"""How fast it is: ratios measured in one run, printed and written as JSON and Markdown.

    python scripts/benchmark.py                      everything, about an hour on two cores
    python scripts/benchmark.py --quick              small sizes, under two minutes
    python scripts/benchmark.py --only layer         one section; repeatable

BENCHMARKS.md, beside this file, says what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from benchmarks import article, command_line, growth, layer, linear, pipeline
from benchmarks.set_up_section import measure_set_up
from measuring.machine import machine, summary
from measuring.settings import ROOT, Settings
from measuring.timing import encode_spread

Section = tuple[str, Callable[[Settings], dict[str, Any]], Callable[[dict[str, Any]], str]]

SECTIONS: dict[str, Section] = {
    "layer": ("A recurrent layer", layer.measure, layer.report),
    "growth": ("Growth", partial(measure_set_up, "growth"), growth.report),
    "pipeline": ("The rest of the road", partial(measure_set_up, "pipeline"), pipeline.report),
    "article": ("The article's own program", article.measure, article.report),
    "linear": ("Linear models", linear.measure, linear.report),
    "command_line": ("The command line", command_line.measure, command_line.report),
}
JSON_FILE, MARKDOWN_FILE = "benchmark.json", "benchmark.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the chosen sections; after each the files hold what there is so far."""
    options = _options(arguments)
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    if options.threads:  # and nothing else of `set_up_torch`: as any Python program comes
        torch.set_num_threads(options.threads)
    threads = torch.get_num_threads()
    found: dict[str, Any] = {"quick": options.quick, "machine": machine(), "sections": {}}
    work = Path(tempfile.mkdtemp(prefix="work-", dir=output)).resolve()
    os.environ["GRU_SENT_CACHE"] = str(work / "cache")  # nobody's cache is read or filled
    settings = Settings(
        quick=options.quick,
        rounds=options.rounds or (2 if options.quick else 5),
        work=work,
        threads=threads,
        vectors=options.vectors and options.vectors.resolve(),
        run=options.run,
    )
    try:
        for name in options.only or SECTIONS:
            title, measure, report = SECTIONS[name]
            found["sections"][name] = measure(settings)
            print(f"\n## {title}\n\n{report(found['sections'][name])}", flush=True)
            _write(output, found)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"written: {output / JSON_FILE} and {output / MARKDOWN_FILE}", file=sys.stderr)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how fast gru-sentiment is.")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, help="this section; repeatable, all without"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it runs")
    parser.add_argument("--rounds", type=int, help="rounds at most; 5 without, quick 2")
    parser.add_argument("--threads", type=int, help="CPU threads; one a core without")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "runs" / "benchmark", help="folder for the files"
    )
    parser.add_argument(
        "--vectors", type=Path, help="100-d vectors in GloVe's format for the article's recipe"
    )
    parser.add_argument("--run", type=Path, help="trained run for the section command_line")
    return parser.parse_args(arguments)


def _write(output: Path, found: dict[str, Any]) -> None:
    (output / JSON_FILE).write_text(
        json.dumps(found, indent=2, ensure_ascii=False, default=encode_spread) + "\n", "utf-8"
    )
    (output / MARKDOWN_FILE).write_text(_markdown(found), "utf-8")


def _markdown(found: dict[str, Any]) -> str:
    warning = "A quick run: its figures mean nothing.\n\n" if found["quick"] else ""
    sections = [
        f"## {SECTIONS[name][0]}\n\n{SECTIONS[name][2](result)}"
        for name, result in found["sections"].items()
    ]
    return (
        f"# Benchmark\n\n{warning}{summary(found['machine'])}\n\nMedians of rounds in which the "
        "contenders take turns, with the least and the most in brackets.\n\n" + "\n".join(sections)
    )


if __name__ == "__main__":
    main()
