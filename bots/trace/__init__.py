"""`parley trace`: the stops of one message, with their times."""
