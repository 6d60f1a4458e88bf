"""All targets, by their names."""

from collections.abc import Mapping

from prove.fuzz import files, onebot, page, relay, rendering, telegram, wechat
from prove.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target
    for group in (telegram, onebot, wechat, relay, rendering, page, files)
    for target in group.TARGETS
}
