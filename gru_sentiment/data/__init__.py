"""From text to batches: tokenizer, vocabulary, vectors, ids, packing."""
