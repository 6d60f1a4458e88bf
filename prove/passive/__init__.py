"""Official accounts that may only answer: their pushes, and people who ask for what waits."""
