"""From text to batches: tokens, vocabulary, ids, packed batches."""
