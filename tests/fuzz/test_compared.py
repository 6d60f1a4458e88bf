"""No secret is compared by a way that takes longer the more of a guess is right."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.instance import FILE, instance_secret
from core.errors import ConfigError

ROOT = Path(__file__).parents[2]
FOLDERS = ("adapters", "bots", "core", "storage")
SECRET = re.compile(r"(^|_)(token|secret|signature|password|passwd|ticket|access_code|hmac|mac)$")
OPEN = "bots/sandbox/"  # simulated platforms, which have nothing to lose
OWN = {"adapters/wechat/token.py"}  # two of our own, to know which of them was refused


def compared(source: str) -> Iterator[int]:
    """Lines on which something by a secret's name is held against something unknown."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [*flat(left), *(side for other in others for side in flat(other))]
                tested = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in ops)
                if tested and any(map(is_secret, sides)) and not any(map(is_known, sides)):
                    yield node.lineno
            case ast.MatchValue(value=value) if is_secret(value):
                yield node.lineno


def flat(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]


def is_secret(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="reveal")):
            return True
        case ast.Call(func=func):
            return is_secret(func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return bool(SECRET.search(name))
    return False


def is_known(node: ast.expr) -> bool:
    """What is in the source itself, or a type's own name, is nobody's secret."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False


def sources() -> dict[str, str]:
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def test_no_secret_is_compared_openly():
    found = [
        f"{name}:{line}"
        for name, source in sources().items()
        if not name.startswith(OPEN) and name not in OWN
        for line in compared(source)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "given == self._token",
        "if signature != sign(token): pass",
        "secret.reveal() == header",
        "header in (secret.reveal(), other)",
        "self.access_code.reveal() != code",
    ],
)
def test_an_open_comparison_would_be_found(line):
    assert list(compared(line)) == [1]


def test_all_comparisons_of_secrets_go_by_one_function():
    users = {name for name, source in sources().items() if "compare_digest(" in source}
    assert {name for name in users if not name.startswith(OPEN)} == {
        "adapters/web/session.py",
        "adapters/wechat/signature.py",
        "core/secret.py",
    }


@pytest.mark.parametrize("key", ["", "\n", "short", "ab" * 31])
def test_an_installation_whose_own_key_is_empty_or_cut_does_not_start(key, tmp_path):
    (tmp_path / FILE).write_text(key)
    with pytest.raises(ConfigError, match=FILE):
        instance_secret(tmp_path)


def test_an_installation_makes_its_key_once(tmp_path):
    made = instance_secret(tmp_path).reveal()
    assert len(made) == 64
    assert instance_secret(tmp_path).reveal() == made
