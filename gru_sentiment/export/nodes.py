"""A graph of ONNX while it grows: operators and constants by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Nodes:
    """Operators and constants. Every value has a name, which is what the methods return."""

    def __init__(self) -> None:
        self.operators: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """An operator.

        Args:
            operator: its type.
            inputs: names; an empty one is an input that is left out.
            n_outputs: how many outputs it has.
            attributes: of the operator.

        Returns:
            The name of its output, or of several.
        """
        from onnx import helper

        name = f"{operator.lower()}_{len(self.operators)}"
        outputs = [name] if n_outputs == 1 else [f"{name}_{i}" for i in range(n_outputs)]
        node = helper.make_node(operator, list(inputs), outputs, name=name, **attributes)
        self.operators.append(node)
        return name if n_outputs == 1 else outputs

    def constant(self, array: NDArray[Any], name: str = "") -> str:
        """An array that is stored in the file."""
        from onnx import numpy_helper

        name = name or f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def axes(self, *axes: int) -> str:
        """Axes, which most operators take as an input."""
        return self.constant(np.array(axes, np.int64))

    def cast(self, value: str, dtype: Any) -> str:
        """A value in another type of numpy."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return str(self.add("Cast", value, to=kind))
