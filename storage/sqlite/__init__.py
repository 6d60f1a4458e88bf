"""The SQLite backend: one thread that writes, one that reads."""
