"""How often Python looks for garbage in rings of references."""

import gc

YOUNG, MIDDLE, OLD = 10_000, 50, 1000
"""With ten thousand messages under way a full look takes 0.4 s, in which nobody is answered:
nearly all garbage goes by its reference count, so the looks can be rare."""


def look_seldom() -> None:
    """What lives now lives as long as the process: it is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
