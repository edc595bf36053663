"""What is done with predictions: calibration, fusion, thresholds."""
