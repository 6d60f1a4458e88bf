"""The world around a real bot process: a relay, simulated platforms, people who talk."""
