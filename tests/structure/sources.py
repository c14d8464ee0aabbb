"""The product's own source as syntax trees, read once."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "billhook"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    """Return the files that people write; generated migrations are not among them."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [path for path in files if "migrations" not in path.parts and "__pycache__" not in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def place(path: Path, node: ast.AST) -> str:
    """Return where a node stands, as people look it up."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def imports(node: ast.AST) -> list[str]:
    """Return the modules that an import statement names, as written in full."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        return [str(node.module)]
    return []


def module_name(path: Path) -> str:
    """Return the dotted name of a source file."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def docstrings(module: ast.Module) -> set[int]:
    """Return the identities of the constants that are docstrings."""
    owners = [node for node in ast.walk(module) if isinstance(node, (ast.Module, ast.ClassDef, *Function.__args__))]
    firsts = [owner.body[0] for owner in owners if owner.body]
    return {id(first.value) for first in firsts if isinstance(first, ast.Expr)}
