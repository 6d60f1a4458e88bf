"""What `parley init` and `parley demo` say, and the comments they write."""

from importlib.resources import files

from bots.texts.catalogue import Catalogue


def terminal_texts() -> Catalogue:
    return Catalogue(files(__name__))
