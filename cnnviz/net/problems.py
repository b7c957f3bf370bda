"""What can be wrong with a network, as values: a code and its arguments.

The sentence is made when somebody reads it, so that it can be translated and so that a repair can
be offered for the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..text import N_, _, grouped

SENTENCES = {
    "waits": N_("Waits for {nodes}."),
    "inputs.none": N_("{layer} needs an input. Draw a wire to it."),
    "inputs.count": N_("{layer} needs {need} inputs but has {have}."),
    "inputs.more": N_("{layer} needs {need} inputs or more but has {have}."),
    "input.second": N_("A network has one Input; {first} is it. Delete this one."),
    "shape.map": N_("{layer} needs a feature map (channels×height×width) but gets {shape}."),
    "shape.vector": N_("{layer} needs a vector but gets {shape}. Put Flatten before it."),
    "shape.window": N_(
        "{layer}'s {kernel} window does not fit its {shape} input. Use a smaller kernel or more padding."
    ),
    "shape.empty": N_("{layer} gives {out}: nothing is left of its {shape} input. Use less padding."),
    "shape.equal": N_("{layer} needs inputs of one shape but gets {shapes}."),
    "shape.concat": N_("{layer} needs inputs of equal height and width but gets {shapes}."),
    "shape.sequence": N_("{layer} needs a sequence (channels×length) but gets {shape}."),
    "shape.tokens": N_("{layer} needs a sentence (1×length×1) but gets {shape}. Put it behind Tokens."),
    "shape.broadcast": N_("{layer} needs inputs of one shape, or of size 1 where they differ, but gets {shapes}."),
    "shape.reshape": N_("The {values} values of a {given} input do not fit the shape {shape}."),
    "shape.slice": N_("start {start} must be less than stop {stop}, and stop at most the {channels} channels."),
    "shape.shuffle": N_("upscale_factor {factor} needs a multiple of {need} channels, but there are {channels}."),
    "shape.shortcut": N_("out_channels {out_channels} must be at least the {channels} channels that come in."),
    "axis.channels": N_("{layer} over the channels must keep the axis: a map without channels is none."),
    "axis.width": N_("{layer} gets a sequence {shape}, which has no width. Use “height”, its length."),
    "norm.single": N_("{layer} needs more than one value to normalise together but gets {shape}."),
    "table.map": N_("Output map {number} reads input map {map}, but there are {channels}, counted from 0."),
    "table.twice": N_("Output map {number} reads an input map twice: {maps}."),
    "rbf.digits": N_(
        "The drawn digits are {digits} of {values} values, but there are {have} values and {classes} classes."
    ),
    "groups.one": N_("groups {groups} must divide the {channels} channels."),
    "groups": N_("groups {groups} must divide both {inputs} input and {outputs} output channels."),
    "padding.same_stride": N_(
        "padding “same” needs stride 1, but the stride is {stride}. Use “same_tf”, or give numbers."
    ),
    "padding.mode": N_("{mode} padding of {padding} needs an input larger than {size}."),
    "padding.half": N_("padding {padding} must be at most half of the {kernel} kernel."),
    "padding.output": N_(
        "output_padding {output_padding} must be smaller than stride {stride} or dilation {dilation}."
    ),
    "foreign.shape": N_(
        "{layer} is a part of an imported model that takes {need} but gets {have}. Undo, or import the model with "
        "that input."
    ),
    "foreign.source": N_("{layer} is a part of an imported model: it has no source text here."),
    "foreign.form": N_("The part of an imported model is not described as it must be."),
    "setting.range": N_("{setting} must lie in {low}…{high}, but is {value}."),
    "setting.choice": N_("{setting} must be one of {choices}, but is {value}."),
    "setting.count": N_("{setting} has {have} numbers; give one, or one for each of the {channels} channels."),
    "setting.whole": N_("{setting} must be a whole number, but is {value}."),
    "setting.number": N_("{setting} must be a number, but is {value}."),
    "setting.truth": N_("{setting} must be true or false, but is {value}."),
    "setting.pair": N_("{setting} must be one whole number or two (height, width), but is {value}."),
    "setting.numbers": N_("{setting} must be one number or more, but is {value}."),
    "setting.sides": N_("{setting} must be one whole number or four (left, right, top, bottom), but is {value}."),
    "setting.shape": N_("{setting} must be one to three whole numbers, but is {value}."),
    "setting.table": N_("{setting} must be a list of lists of whole numbers, none of them empty, but is {value}."),
    "weights.layer": N_(
        "{node} uses the weights of {owner} but has other settings. Give it weights of its own, or the same settings."
    ),
    "weights.input": N_(
        "{node} uses the weights of {owner}, which gets {theirs}, but gets {mine}. Give it weights of its own, or such "
        "an input."
    ),
    "group.inside": N_("{node}: {why}"),
    "family.shape": N_("xdim must be channels, height and width, but is {value}."),
    "family.depth": N_("depth must be 6n + 2, but is {depth}. The next one is {near}."),
    "size.huge": N_("{layer} gives {shape}, more values than a computer can hold."),
    "plan.data": N_("{why}"),
    "plan.rbf": N_(
        "The loss of RBF distances needs a network that ends in RBF, but {node} is {type}. Choose another loss."
    ),
    "plan.covered": N_(
        "A {what} of {size} px can leave nothing of the {height}×{width} picture. Choose less than {least} px."
    ),
    "plan.frozen": N_("Every layer that has weights is frozen: there is nothing to train. Let one learn."),
    "plan.nesterov": N_(
        "nesterov needs a momentum above 0 and a dampening of 0, but they are {momentum} and {dampening}."
    ),
    "net.empty": N_("The network is empty. Drag an Input onto the canvas, or open a network."),
    "net.no_input": N_("The network has no Input. Drag one onto the canvas."),
    "net.ends": N_(
        "The network has several ends: {nodes}. Join or delete them until one is left, or give each a value a class."
    ),
    "net.broken": N_("{node}: {why}"),
    "net.output": N_(
        "{node} gives {shape}, but training needs a vector with one value for each of the {classes} classes."
    ),
    "net.no_weights": N_("The network has no weights to train. Add a Conv2d or a Linear."),
}

ONE = {
    "inputs.count": N_("{layer} needs one input but has {have}."),
    "inputs.more": N_("{layer} needs one input or more but has {have}."),
}
"""The same where `need` is 1."""

NUMERIC = (
    *("setting.whole", "setting.number", "setting.truth", "setting.pair", "setting.numbers"),
    *("setting.sides", "setting.shape", "setting.table"),
)
"""Problems of a setting that is never a text."""


def shape_text(shape: tuple[int, ...]) -> str:
    """`6×1024×1024`, as files and code have it."""
    return "×".join(map(str, shape))


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `code` is a key of SENTENCES, `args` its named parts as pairs."""

    code: str
    args: tuple[tuple[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """The sentence for a person, in the language in use."""
        args = dict(self.args)
        template = ONE.get(self.code, "") if args.get("need") == 1 else ""
        said = {k: _say(v) for k, v in args.items()}
        if isinstance(args.get("value"), str) and self.code in NUMERIC:
            said["value"] = _('the text "{text}"').format(text=args["value"])  # a number in quotes looks like a number
        return _(template or SENTENCES[self.code]).format(**said)


def _say(value: Any) -> str:
    if isinstance(value, Problem):
        return value.text
    if isinstance(value, float):
        return f"{value:,g}"
    if type(value) is int:  # not bool
        return grouped(value)
    if isinstance(value, tuple) and value and all(type(v) is int for v in value):
        return grouped(*value)
    if isinstance(value, tuple):
        return ", ".join(_say(v) for v in value)
    return str(value)


def problem(code: str, **args: Any) -> Problem:
    """A Problem with named arguments."""
    return Problem(code, tuple(args.items()))


class Misfit(ValueError):
    """The inputs do not fit the layer, or a setting is impossible; carries the Problem."""

    def __init__(self, code: str, **args: Any):
        self.problem = problem(code, **args)
        super().__init__(code)

    def __str__(self) -> str:
        return self.problem.text
