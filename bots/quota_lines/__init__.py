"""What /quota says, line by line: what was used, what is left, what relays tell."""
