"""`parley dead`: messages that were set aside, because no try at them came to an end."""
