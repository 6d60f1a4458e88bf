"""A small OpenAI-style relay on loopback: for trying Parley without a key, and for tests."""
