"""`parley backup` and `parley restore`: a running bot's state as one file, and back."""
