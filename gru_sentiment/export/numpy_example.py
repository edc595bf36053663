"""Predict the classes of texts: python example.py "A wonderful film." "What a waste of time."

It prints a JSON object for each text. It needs numpy and the files beside it.
"""

from __future__ import annotations

import json
import sys

from gru_sentiment.export.numpy_predictor import Predictor

if __name__ == "__main__":
    for prediction in Predictor().predict(sys.argv[1:] or [""]):
        print(json.dumps(prediction))
