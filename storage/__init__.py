"""Where it is kept: SQLModel tables, one store, media."""
