"""What this bot is and how it runs: command line, wiring, commands, texts, pages."""

__version__ = "0.1.0"
