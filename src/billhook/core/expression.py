"""Expressions: the restricted arithmetic of a formula price, walked over its tree and never run as code."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, isfinite
from typing import Any

from billhook.core import exact
from billhook.core.errors import Refusal

_LONGEST = 500
_DEEPEST = 30
_LARGEST_DIGITS = 400
_LONGEST_POWER = 12
_Known = Mapping[str, Fraction]


class FormulaError(Refusal):
    """A formula that is no arithmetic, or has no value for some figures."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure that a formula may use."""

    name: str
    value: Decimal

    def __post_init__(self) -> None:
        """Refuse a float."""
        exact.require(self.value, self.name)


def check(expression: str, names: Sequence[str]) -> None:
    """Refuse an expression that is more than arithmetic over some names.

    Allowed are figures, the names, `+ - * / // % **` (a whole exponent of at most 12), comparisons, `and`, `or`,
    `not`, `a if b else c`, and the functions min, max, abs, ceil, floor.

    Raises:
        FormulaError: it is anything else; the message says which part.
    """
    for node in ast.walk(_tree(expression)):
        if isinstance(node, ast.Name) and node.id not in {*names, *_FUNCTIONS}:
            raise FormulaError(f"{expression!r} uses {node.id}; use {', '.join(names)}.")


def evaluate(expression: str, figures: Sequence[Figure]) -> Fraction:
    """Return the exact value of an expression.

    Raises:
        FormulaError: a name has no figure, or a division by zero.
    """
    known = {figure.name: Fraction(figure.value) for figure in figures}
    try:
        value = _value(_tree(expression).body, known)
    except ZeroDivisionError:
        raise FormulaError(f"{expression!r} divides by zero; guard it with `a if b else c`.") from None
    return Fraction(value)


@lru_cache(maxsize=1024)
def _tree(expression: str) -> ast.Expression:
    if len(expression) > _LONGEST:
        raise FormulaError(f"The formula has {len(expression)} characters; write one of at most {_LONGEST}.")
    text = expression.strip()
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{expression!r} is no formula; write arithmetic such as `0.05 * units + 2`.") from None
    _refuse_other_nodes(tree.body, text)
    return tree


def _refuse_other_nodes(node: ast.AST, expression: str, depth: int = 0) -> None:
    """Refuse, before anything is computed, whatever is not arithmetic, and nesting that is too deep."""
    if depth > _DEEPEST:
        raise FormulaError(f"{expression!r} is nested too deep; split it into several prices.")
    if type(node) not in _READERS:
        raise FormulaError(f"{expression!r} contains {type(node).__name__}; write arithmetic over the named figures.")
    if isinstance(node, ast.Constant):
        _refuse_other_constants(node, expression)
    if isinstance(node, ast.Call):
        _refuse_other_functions(node, expression)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _NO_VALUES):
            _refuse_other_nodes(child, expression, depth + 1)


def _refuse_other_constants(node: ast.Constant, expression: str) -> None:
    """Refuse text, and figures with more digits than are read exactly."""
    written = (ast.get_source_segment(expression, node) or "").replace("_", "")
    if type(node.value) is int:
        return
    is_exact = type(node.value) is float and isfinite(node.value) and Decimal(written) == Decimal(repr(node.value))
    if not is_exact:
        raise FormulaError(f"{expression!r} contains {written}; write a figure of at most 15 digits.")


def _refuse_other_functions(call: ast.Call, expression: str) -> None:
    if not isinstance(call.func, ast.Name) or call.func.id not in _FUNCTIONS or call.keywords:
        raise FormulaError(f"{expression!r} calls a function that is not offered; use {', '.join(_FUNCTIONS)}.")
    if not call.args or (len(call.args) > 1 and call.func.id not in _OF_MANY):
        raise FormulaError(f"{expression!r} calls {call.func.id} with {len(call.args)} figures; give it what it takes.")


def _value(node: ast.expr, known: _Known) -> Fraction | int:
    """Return the value of a node; comparisons are 1 or 0."""
    return _READERS[type(node)](node, known)


def _constant(node: ast.Constant, _: _Known) -> Fraction:
    """Return a figure as it is written, never as a binary fraction."""
    return Fraction(exact.number(repr(node.value), "figure of the formula"))


def _named(node: ast.Name, known: _Known) -> Fraction:
    if node.id not in known:
        raise FormulaError(f"The formula needs {node.id}; pass its figure.")
    return known[node.id]


def _signed(node: ast.UnaryOp, known: _Known) -> Fraction | int:
    return _UNARY[type(node.op)](_value(node.operand, known))


def _combined(node: ast.BinOp, known: _Known) -> Fraction | int:
    return _limited(_BINARY[type(node.op)](_value(node.left, known), _value(node.right, known)))


def _all_or_any(node: ast.BoolOp, known: _Known) -> int:
    decide = all if isinstance(node.op, ast.And) else any
    return int(decide(_value(item, known) for item in node.values))


def _chosen(node: ast.IfExp, known: _Known) -> Fraction | int:
    return _value(node.body if _value(node.test, known) else node.orelse, known)


def _called(node: ast.Call, known: _Known) -> Fraction | int:
    return _FUNCTIONS[ast.unparse(node.func)](*(_value(item, known) for item in node.args))


def _compared(node: ast.Compare, known: _Known) -> int:
    figures = [_value(item, known) for item in (node.left, *node.comparators)]
    return int(all(_COMPARISONS[type(op)](*pair) for op, pair in zip(node.ops, pairwise(figures), strict=True)))


def _limited(value: Fraction | int) -> Fraction | int:
    found = Fraction(value)
    if max(abs(found.numerator), found.denominator) >= 10**_LARGEST_DIGITS:
        raise FormulaError("The formula comes to a figure of more than 400 digits; mend it.")
    return value


def _power(base: Fraction | int, exponent: Fraction | int) -> Fraction:
    if Fraction(exponent).denominator != 1 or not 0 <= exponent <= _LONGEST_POWER:
        raise FormulaError(f"A formula has a power of {exponent}; use a whole one from 0 to {_LONGEST_POWER}.")
    return Fraction(base) ** int(exponent)


_Operation = Callable[[Fraction | int, Fraction | int], Fraction | int]
_BINARY: Mapping[type[ast.operator], _Operation] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: Fraction(left) / Fraction(right),
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Fraction | int], Fraction | int]] = {
    ast.UAdd: lambda value: value,
    ast.USub: lambda value: -value,
    ast.Not: lambda value: int(not value),
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Fraction | int, Fraction | int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Mapping[str, Callable[..., Fraction | int]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "abs": abs,
    "ceil": ceil,
    "floor": floor,
}
_OF_MANY = frozenset({"min", "max"})
_READERS: Mapping[type[ast.expr], Callable[[Any, _Known], Fraction | int]] = {
    ast.Constant: _constant,
    ast.Name: _named,
    ast.UnaryOp: _signed,
    ast.BinOp: _combined,
    ast.BoolOp: _all_or_any,
    ast.Compare: _compared,
    ast.IfExp: _chosen,
    ast.Call: _called,
}
_NO_VALUES = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)
