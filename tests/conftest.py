"""What all tests share."""

import gc


def pytest_collection_finish() -> None:
    """Seven thousand tests and all that is imported stay: looks for garbage need not see them."""
    gc.collect()
    gc.freeze()
