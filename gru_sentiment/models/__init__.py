"""From packed ids to logits."""
