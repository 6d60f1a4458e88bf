"""The one client for OpenAI-style relays; what differs between them is data in `dialects/`."""
