"""How many words were misheard."""


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """(substitutions + insertions + deletions, words said): Levenshtein over words."""
    wanted, got = said.lower().split(), heard.lower().split()
    row = list(range(len(got) + 1))
    for at, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], at
        for across, other in enumerate(got, 1):
            best = min(row[across] + 1, row[across - 1] + 1, diagonal + (word != other))
            diagonal, row[across] = row[across], best
    return row[-1], len(wanted)


def word_error_rate(pairs: list[tuple[str, str]]) -> float:
    """Over (said, heard) pairs together."""
    errors, words = zip(*(word_errors(said, heard) for said, heard in pairs), strict=True)
    return sum(errors) / sum(words)
