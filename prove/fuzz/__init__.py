"""What reads bytes from outside, as one table of targets for every fuzzer.

`python -m prove.fuzz NAME FILE …` runs a target on inputs again.
"""
