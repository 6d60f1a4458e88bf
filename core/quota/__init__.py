"""What may be used: limits, reservations, and what is told of them."""
