"""Batches and fine-tuning jobs: given to a relay once, followed, and fetched in time."""
