"""Pretrained word vectors, by where they come from."""
