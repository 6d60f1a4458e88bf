"""The chat page: a platform of our own, over one WebSocket a tab."""
