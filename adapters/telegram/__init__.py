"""Telegram: the Bot API by polling or webhook, over python-telegram-bot's calls and types."""
