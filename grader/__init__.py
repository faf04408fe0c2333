"""Publish, self-check and grade deep-learning homework."""
