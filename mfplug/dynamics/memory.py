"""Plain memory access for compiled code, without NumPy's negative indices."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


def _peek(context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load(builder.gep(made.data, [args[1]], inbounds=True))

    return types.float64(array, types.intp), generate


def _poke(context: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, args[0])
        builder.store(args[2], builder.gep(made.data, [args[1]], inbounds=True))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.float64), generate


#: The number at an index >= 0 of a contiguous float64 array, and setting it. The index
#: is not checked.
peek: Any = intrinsic(_peek)
poke: Any = intrinsic(_poke)
