"""A WeChat official account on this machine: it pushes as WeChat does, and serves its API."""
