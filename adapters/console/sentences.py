"""What the console itself says; answers come from the core in their own words."""

from collections.abc import Mapping

from core.model import Language

SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        "welcome": "Talk to {bot}. /help lists commands, @path sends a file, "
        "\\ at the end continues a line, Ctrl-C stops an answer, Ctrl-D ends.",
        "busy": "Too much is waiting; this message was not taken. Please send it again.",
        "broken": "This message cannot be taken, however often it is sent. Put it another way.",
        "store": "This message could not be stored and was not taken. Please send it again.",
        "no_file": "There is no readable file {path}. (A line is text if a space precedes its @.)",
        "too_large": "{path} is too large: {limit_mb} MB are the most that can be sent.",
        "again": "(perhaps shown before)",
    },
    "zh": {
        "welcome": "可以和 {bot} 聊了。/帮助 看命令，@路径 发文件，行尾 \\ 续行，"
        "Ctrl-C 停止回答，Ctrl-D 结束。",
        "busy": "排队的太多，这条没有收下，请再发一次。",
        "broken": "这条消息怎么也收不下，请换个说法。",
        "store": "这条没能存下来，没有收下，请再发一次。",
        "no_file": "没有可读的文件 {path}。（@ 前面加一个空格，这一行就是文字。）",
        "too_large": "{path} 太大，最多能发 {limit_mb} MB。",
        "again": "（可能已显示过）",
    },
}


def language_of(environment: Mapping[str, str]) -> Language:
    """The language of a locale: the first of these that is set decides (POSIX, 8.2)."""
    settings = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, settings), "").lower().startswith("zh") else "en"
