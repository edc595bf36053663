"""What recipes return: plain values, without tensors and without open files."""
