"""Exact arithmetic, and nothing else."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext

from deixis.tools._tool import tool
from deixis.vision import ToolError

_LONGEST = 200
_GREATEST_POWER = 64
_BINARY: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: Decimal.__truediv__,
    ast.Mod: operator.mod,
}


@tool
def calculate(expression: str) -> str:
    """Works out an arithmetic expression exactly, such as `2*28 + 10` or `(17.50 + 3) / 2`.

    Args:
        expression: Numbers with + - * / % ** and brackets. Thousands without separators.
    """
    return evaluate(expression)


def evaluate(expression: str) -> str:
    """The value of an arithmetic expression, in plain notation, at most 12 decimal places.

    Raises:
        ToolError: It isn't one, is too long, or divides by zero.
    """
    plain = expression.strip().replace("×", "*").replace("÷", "/").replace("−", "-")
    if len(plain) > _LONGEST:
        raise ToolError(f"the expression is over {_LONGEST} characters: work it out in parts")
    try:
        tree = ast.parse(plain, mode="eval")
        with localcontext() as context:
            context.prec = 50
            value = _value(tree.body)
            shown = value.quantize(Decimal("1e-12")) if value.as_tuple().exponent else value
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolError(
            f"{expression[:60]!r} is no arithmetic: use numbers, + - * / % ** and brackets"
        ) from None
    except (DivisionByZero, InvalidOperation, OverflowError):
        raise ToolError(
            f"{expression[:60]!r} has no value: it divides by zero or is too large"
        ) from None
    text = format(shown, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow):
            if right != right.to_integral_value() or abs(right) > _GREATEST_POWER:
                raise ToolError(f"powers go up to {_GREATEST_POWER}, in whole numbers")
            return left**right
        if (operation := _BINARY.get(type(node.op))) is not None:
            return operation(left, right)
    raise ValueError("not arithmetic")
