"""What a conversation is. Knows no platform and no database."""
