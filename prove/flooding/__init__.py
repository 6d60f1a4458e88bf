"""Many times more is said than one process can answer."""
