"""What recipes return: plain values, without tensors and without paths to open."""
