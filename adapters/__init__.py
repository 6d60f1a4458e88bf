"""How each platform speaks. Adapters know the core's types and ports, and not each other."""
