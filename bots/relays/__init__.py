"""`parley relay`: what the relays of a configuration serve, asked for by hand."""
