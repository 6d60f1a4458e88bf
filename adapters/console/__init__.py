"""A terminal as a platform, and the worked example of an adapter.

docs/add-an-adapter.md walks through it. One file a concern:

    adapter.py   what core.ports.adapter.Adapter asks for: receive, acknowledge, send
    parse.py     a line → the parts of a message (pure)
    screen.py    an answer → what is printed of it as it grows (pure)
    drafts.py    how often that is done
    keyboard.py  where lines come from
    printer.py   where text goes to
"""

from adapters.console.adapter import ConsoleAdapter
from adapters.console.sentences import language_of

__all__ = ["ConsoleAdapter", "language_of"]
