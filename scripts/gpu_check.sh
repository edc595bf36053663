#!/usr/bin/env bash
# Holds CUDA against the CPU with a few thousand reviews, without any network; see gpu_check.py.
#
#   scripts/gpu_check.sh --prepare     where the extra `offline` is: writes the reviews to gpu-check/
#   scripts/gpu_check.sh               where the GPU is, with that folder; needs no installation
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec "${PYTHON:-python3}" scripts/gpu_check.py "$@"
