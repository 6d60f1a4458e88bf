"""What the core needs from outside, as protocols, a noun a file. Nothing here does anything."""
