"""A platform's own packages, which may not be installed yet."""

from bots.init.prompt import Prompt
from bots.platforms import PACKAGES, missing


def told_to_install(prompt: Prompt, platform: str) -> bool:
    """Whether something is missing; then the person is told what to install."""
    if not missing(platform):
        return False
    prompt.say("packages", extra=PACKAGES[platform][0])
    return True
