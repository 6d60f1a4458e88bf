"""QQ by OneBot v11: an implementation (NapCat, LLBot, …) dials in over a WebSocket."""
