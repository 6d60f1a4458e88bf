"""Where batches and fine-tuning jobs are kept: a small database of their own, and files."""

from storage.jobs.jobs import SqlJobs

__all__ = ["SqlJobs"]
