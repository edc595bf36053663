"""Pretrained word vectors: one file for each place that they come from, and their neighbours."""
