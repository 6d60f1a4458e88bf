"""What admins decide on people, in the chat or at the terminal: roles, limits, gifts, keys."""
