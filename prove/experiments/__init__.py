"""One experiment a file, each with an `EXPERIMENT`."""
