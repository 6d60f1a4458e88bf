"""The people and groups that the simulated platforms have, and all that they say and see."""
