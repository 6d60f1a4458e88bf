"""Many people with equal ids, each with words of his own, and who saw whose."""
