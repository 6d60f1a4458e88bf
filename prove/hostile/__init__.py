"""A relay that means no good, and a search for what must not be found."""
