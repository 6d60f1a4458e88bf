"""What operators call by hand at the terminal, written into the ledger."""
