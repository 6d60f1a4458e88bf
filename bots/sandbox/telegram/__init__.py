"""A Bot API server on this machine: what a bot meets at api.telegram.org, where it hurts too."""
