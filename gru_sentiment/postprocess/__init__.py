"""What follows a model's predictions: calibration, fusion and thresholds."""
