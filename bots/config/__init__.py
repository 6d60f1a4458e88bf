"""The configuration: a TOML file, loaded once into frozen structs."""

from bots.config.load import load, parse
from bots.config.model import BotEntry, Config, Listen, Log, Proxy, Server, Storage

__all__ = ["BotEntry", "Config", "Listen", "Log", "Proxy", "Server", "Storage", "load", "parse"]
