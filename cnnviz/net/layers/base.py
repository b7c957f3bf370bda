"""What every layer type is: a frozen dataclass whose fields are its settings and whose methods are its rules.

A layer type is declared once, in one class. The palette, the form, the file format, validation, the table,
the formulas, the receptive field, the torch module, the exported code and the tests are derived from it.

Shapes are `(channels, height, width)` for a feature map, `(channels, length)` for a sequence and `(features,)` for
a vector, never with the batch. Sizes are in pixels, parameters in scalars, MACs in multiply-adds for one picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from math import inf, prod
from typing import Any, ClassVar

from ..problems import Misfit
from ..window import POINT, Axis

Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]
TYPES: dict[str, type[Layer]] = {}
"""Every layer type by its name in files and in the palette, in the order of declaration."""

FAMILIES = (
    "Input",
    "Convolution",
    "Pooling",
    "Activation",
    "Normalisation",
    "Dense",
    "Merge",
    "Regularisation",
    "Shape",
)
PADDINGS = ("valid", "same", "same_tf")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a setting is edited, checked and written.

    `name` is one of int, float, bool, choice; pair (height, width); sides (left, right, top, bottom); shape (one to
    three sizes); padding and length_padding (a rule, or a pair or a number); floats; ints; table (whole numbers).
    """

    name: str
    help: str
    low: float = -inf
    high: float = inf
    choices: tuple[str, ...] = ()


def setting(
    default: Any,
    help: str,
    low: float = -inf,
    high: float = inf,
    choices: tuple[str, ...] = (),
    kind: str = "",
) -> Any:
    """A field that a person edits. The kind follows from the default where it is not given."""
    if not kind:
        kind = "choice" if choices else "pair" if isinstance(default, tuple) else type(default).__name__
    return field(default=default, metadata={"kind": Kind(kind, help, low, high, choices)})


@dataclass(frozen=True)
class Layer:
    """Base of all layer types: one input, the same shape out, no parameters, every unit sees one unit."""

    family: ClassVar[str] = ""
    inputs: ClassVar[tuple[int, int | None]] = (1, 1)  # fewest and most wires in; None: any number
    signed: ClassVar[bool] = True  # outputs can be negative: shown with a zero-centred colour map
    known: ClassVar[bool] = True  # whether `macs` and `window` tell: of a part of a foreign model nobody knows

    def __init_subclass__(cls, listed: bool = True) -> None:
        if cls.family and listed:
            TYPES[cls.__name__] = cls

    def __post_init__(self) -> None:
        for name, kind in kinds(type(self)).items():
            object.__setattr__(self, name, check(name, kind, getattr(self, name)))

    def out(self, ins: Shapes) -> Shape:
        """Output shape. Raises Misfit where the inputs do not fit."""
        return ins[0]

    def window(self, ins: Shapes) -> Window:
        """What a unit looks at along (height, width); None: at everything. Only for inputs that fit."""
        return POINTS

    def windows(self, ins: Shapes) -> tuple[Window, ...]:
        """What a unit looks at in each of its inputs, where these differ."""
        return (self.window(ins),) * len(ins)

    def params(self, ins: Shapes) -> int:
        """Trainable scalars, by formula."""
        return 0

    def fixed(self, ins: Shapes) -> int:
        """Scalars of the layer that nothing trains, by formula; running statistics are not counted."""
        return 0

    def buffers(self, ins: Shapes) -> int:
        """Scalars kept with the weights that no gradient changes, such as running statistics; fixed ones apart."""
        return 0

    def macs(self, ins: Shapes, out: Shape) -> int:
        """Multiply-adds of convolution and matrix products for one picture, without bias; `out`: the output's shape."""
        return 0

    def connections(self, ins: Shapes) -> int:
        """Connections as LeCun counts them: what every output value is joined to by a weight, and its bias."""
        out = self.out(ins)
        macs = self.macs(ins, out)
        return macs + (prod(out) if macs and getattr(self, "bias", False) else 0)

    def connections_text(self, ins: Shapes) -> str:
        """How the number of connections comes about; empty where there are none."""
        macs = self.macs_text(ins)
        biases = "·".join(map(str, self.out(ins))) if getattr(self, "bias", False) else ""
        return " + ".join(t for t in (macs, biases) if t) if macs else ""

    def torch(self, ins: Shapes) -> tuple[str, dict[str, Any]]:
        """Name and keyword arguments of the module, in torch.nn or in cnnviz.engine.modules."""
        return type(self).__name__, {}

    def size_text(self, ins: Shapes) -> tuple[str, ...]:
        """How the output's sizes come about, with this layer's numbers; empty where they do not change.

        Height and width of a map, length of a sequence; one text for a map is that of its channels.
        """
        return ()

    def params_text(self, ins: Shapes) -> str:
        """How the number of parameters comes about; empty where there are none."""
        return ""

    def fixed_text(self, ins: Shapes) -> str:
        """How the number of fixed scalars comes about; empty where there are none."""
        return ""

    def macs_text(self, ins: Shapes) -> str:
        """How the number of multiply-adds comes about; empty where there are none."""
        return ""

    def size_symbols(self, ins: Shapes) -> tuple[str, ...]:
        """`size_text` with the textbook's letters in place of the numbers; empty where there are none."""
        return ()

    def params_symbols(self, ins: Shapes) -> str:
        """`params_text` in letters."""
        return ""

    def fixed_symbols(self, ins: Shapes) -> str:
        """`fixed_text` in letters."""
        return ""

    def macs_symbols(self, ins: Shapes) -> str:
        """`macs_text` in letters."""
        return ""

    @property
    def brief(self) -> str:
        """The settings that tell this layer from others of its type, short enough for a card."""
        return ""


POINTS: tuple[Axis, Axis] = (POINT, POINT)
Window = tuple[Axis, Axis] | None


_KINDS: dict[type, Mapping[str, Kind]] = {}  # every layer that is made asks


def kinds(cls: type[Layer]) -> Mapping[str, Kind]:
    """The settings of a layer type in their order."""
    if cls not in _KINDS:
        _KINDS[cls] = {f.name: kind_of(f) for f in fields(cls) if "kind" in f.metadata}
    return _KINDS[cls]


def kind_of(f: Field[Any]) -> Kind:
    """The Kind of a field made by `setting`."""
    kind: Kind = f.metadata["kind"]
    return kind


def check(name: str, kind: Kind, value: Any) -> Any:
    """`value` in the form the setting is kept in. Raises Misfit naming the setting where it is impossible."""
    if kind.name == "choice":
        if value not in kind.choices:
            raise Misfit("setting.choice", setting=name, choices=kind.choices, value=value)
        return value
    if kind.name == "bool":
        if not isinstance(value, bool):
            raise Misfit("setting.truth", setting=name, value=value)
        return value
    if kind.name == "int":
        return _number(name, kind, value, whole=True)
    if kind.name == "float":
        return _number(name, kind, value, whole=False)
    if kind.name in ("padding", "length_padding") and isinstance(value, str):
        if value not in PADDINGS:
            raise Misfit("setting.choice", setting=name, choices=PADDINGS, value=value)
        return value
    if kind.name == "length_padding":
        return _number(name, kind, value, whole=True)
    several = isinstance(value, (tuple, list))
    if kind.name == "ints":
        return tuple(_number(name, kind, v, whole=True) for v in (value if several else (value,)))
    if kind.name in ("floats", "shape"):
        values = value if several else (value,)
        if not values or (kind.name == "shape" and len(values) > 3):
            raise Misfit("setting.numbers" if kind.name == "floats" else "setting.shape", setting=name, value=value)
        return tuple(_number(name, kind, v, whole=kind.name == "shape") for v in values)
    if kind.name == "table":
        if not several or not value or not all(isinstance(line, (tuple, list)) and line for line in value):
            raise Misfit("setting.table", setting=name, value=value)
        return tuple(tuple(_number(name, kind, v, whole=True) for v in line) for line in value)
    count = 4 if kind.name == "sides" else 2
    if several:
        if len(value) != count:
            raise Misfit("setting.pair" if count == 2 else "setting.sides", setting=name, value=value)
        return tuple(_number(name, kind, v, whole=True) for v in value)
    return (_number(name, kind, value, whole=True),) * count


def _number(name: str, kind: Kind, value: Any, whole: bool) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (whole and not isinstance(value, int)):
        raise Misfit("setting.whole" if whole else "setting.number", setting=name, value=value)
    if not kind.low <= value <= kind.high or value in (inf, -inf):  # nan is in no range
        raise Misfit("setting.range", setting=name, low=kind.low, high=kind.high, value=value)
    return value if whole else float(value)


def map_shape(layer: Layer, ins: Shapes) -> Shape:
    """The first input's shape, which must be a feature map."""
    if len(ins[0]) != 3:
        raise Misfit("shape.map", layer=type(layer).__name__, shape=ins[0])
    return ins[0]


def sequence_shape(layer: Layer, ins: Shapes) -> Shape:
    """The first input's shape, which must be a sequence."""
    if len(ins[0]) != 2:
        raise Misfit("shape.sequence", layer=type(layer).__name__, shape=ins[0])
    return ins[0]


def plane(shape: Shape) -> tuple[int, int]:
    """(height, width) of a map. A sequence runs down, one pixel wide; a vector is one point."""
    height, width = (*shape[1:], 1, 1)[:2]
    return height, width


def vector_size(layer: Layer, ins: Shapes) -> int:
    """The first input's size, which must be a vector."""
    if len(ins[0]) != 1:
        raise Misfit("shape.vector", layer=type(layer).__name__, shape=ins[0])
    return ins[0][0]


def unusual(**settings: tuple[Any, Any]) -> dict[str, Any]:
    """Of arguments given as (torch's default, ours) those that differ: what a person would write."""
    return {k: mine for k, (usual, mine) in settings.items() if mine != usual}


def times(pair: tuple[int, int]) -> str:
    """`5×5`."""
    return f"{pair[0]}×{pair[1]}"
