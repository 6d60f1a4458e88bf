"""`parley quota`: who spends what, at the terminal."""
