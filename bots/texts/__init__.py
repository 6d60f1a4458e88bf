"""What the bot says to people, one file a language."""
