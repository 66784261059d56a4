"""There is one way out: what writes to a terminal, or into a file that is not the workspace's own, is listed here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tocsin

SOURCE = Path(tocsin.__file__).parent
_STREAMS = frozenset(("stdout", "stderr", "__stdout__", "__stderr__"))
_WRITERS = frozenset(("write_text", "write_bytes", "mkstemp", "NamedTemporaryFile"))

# Who writes to a stream of the process, and why that needs no guard.
STREAMS = {
    "share/exit.py": "the way out itself",
    "cli/progress.py": "asks whether it is a terminal; what it shows is `passed`",
    "protect/fault_hooks.py": "types and places in the code, never words",
    "protect/hardening.py": "the process of the door: the kind of an error and nothing else",
    "attest/standalone.py": "the verifier of a package, run without the product",
}
# Who makes files, and what they are.
FILES = {
    "share/exit.py": "the way out itself",
    "store/durable.py": "the workspace's and the vault's own files: what is written there passed the door before",
    "attest/payload.py": "a package, searched as a whole before it is sealed",
    "attest/writing.py": "a package, searched as a whole before it is sealed",
    "attest/bag.py": "digests and figures of a package",
    "attest/standalone.py": "the verifier of a package, run without the product",
    "exercise/case.py": "an invented case",
    "exercise/acquisition.py": "the acquisition record of invented logs",
    "exercise/estate.py": "an invented estate",
    "exercise/logs/placing.py": "invented logs",
    "exercise/logs/windows.py": "invented logs",
    "exercise/truth.py": "what is true of an invented case",
    "noting.py": "notes on their way into the record, in a folder that goes with the block",
    "record/timestamps.py": "a token and its certificates, for the program that checks them",
    "protect/vault_log.py": "the vault's own log, sealed",
}


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_warning(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and getattr(call.func.value, "id", "") == "warnings"
        and call.func.attr == "warn"
    )


def _opens_to_write(call: ast.Call) -> bool:
    modes = [*call.args[:2], *(each.value for each in call.keywords if each.arg == "mode")]
    texts = [each.value for each in modes if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return _name(call) in ("open", "fdopen") and any(
        set(text) <= set("rwaxb+t") and set(text) & set("wax+") for text in texts
    )


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_nobody_else_writes_to_the_streams_of_the_process() -> None:
    found = set()
    for name, tree in _modules():
        for node in ast.walk(tree):
            is_stream = (
                isinstance(node, ast.Attribute) and node.attr in _STREAMS and getattr(node.value, "id", "") == "sys"
            )
            is_print = isinstance(node, ast.Call) and _name(node) in ("print", "echo", "secho", "Console", "print_exc")
            if is_stream or is_print:
                found.add(name)
    found.discard("cli/erasure.py")  # its `print_out` is `release`
    assert found <= set(STREAMS), "write through share/exit.py"


def test_nobody_else_makes_files() -> None:
    found = {
        name for name, tree in _modules() for call in _calls(tree) if _name(call) in _WRITERS or _opens_to_write(call)
    }
    assert found <= set(FILES), "write through share/exit.py, or store/durable.py for the workspace's own files"


def test_nobody_keeps_a_log_of_the_process_or_warns() -> None:
    for name, tree in _modules():
        for node in ast.walk(tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "logging" not in imported or name == "protect/fault_hooks.py", name
        assert name == "protect/fault_hooks.py" or not any(_is_warning(call) for call in _calls(tree)), name


def test_the_database_quotes_no_parameters() -> None:
    engines = [call for _, tree in _modules() for call in _calls(tree) if _name(call) == "create_engine"]
    assert engines
    for call in engines:
        (hidden,) = [each.value for each in call.keywords if each.arg == "hide_parameters"]
        assert isinstance(hidden, ast.Constant)
        assert hidden.value is True
