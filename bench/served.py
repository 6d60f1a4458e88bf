"""Parley as `parley run` starts it, after a check that its store is durable.

Usage: python bench/served.py CONFIG
"""

import sys

from bots.cli import main

sys.argv = ["parley", "run", "--config", sys.argv[1]]
sys.exit(main())
