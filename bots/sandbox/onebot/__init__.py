"""QQ as a OneBot v11 implementation has it (NapCat, LLBot, …): it dials out to the bot."""
