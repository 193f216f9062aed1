"""What the answers of a live stream look like: its query, and the messages that change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from nearfar.errors import ParameterError
from nearfar.machine.texts import parse_json
from nearfar.ops.colormap import COLORMAPS
from nearfar.options import option, parse
from nearfar.robot.ahead import Ahead
from nearfar.robot.look import LookOptions
from nearfar.types import RangeRule, parse_range
from nearfar.zoo import catalogue

_TEXT_LIMIT = 4096  # characters of a message that changes options


@dataclass(frozen=True, slots=True)
class LiveOptions(LookOptions):
    """What a stream's answers look like: the query of ``/v1/live``, and its text messages."""

    format: str = option(
        "jpeg",
        "Heat map as jpeg or png, 16-bit depth as png16, or distances as webxr has them.",
        choices=("jpeg", "png", "png16", "webxr"),
    )
    model: str = option("", "Name of a model out of /v1/models; the service's default where absent.")
    size: int | None = option(
        None, "Length of the network's input in pixels; the model's own where absent.", low=1
    )
    colormap: str = option("inferno", "Colours of the heat map, from far to near.", choices=COLORMAPS)
    range: RangeRule = option(
        "image",
        "Values spanned by a frame: image (all of it), percentile (2nd to 98th), or a,b.",
        parse=parse_range,
    )
    smooth: float = option(
        0.8, "Weight of the frames before in the range; 0 takes each by itself.", low=0, high=0.99
    )
    quality: int = option(80, "Quality of a jpeg.", low=1, high=100)
    obstacles: bool = option(False, "What stands in the way too; needs fov, and pitch or horizon.")

    def ahead(self) -> Ahead | None:
        """Who looks for what stands in the way, where that is wanted.

        Raises:
            ParameterError: the tilt or the field of view is lacking, or the tilt is told twice.
        """
        return Ahead(self, is_steady=self.smooth > 0) if self.obstacles else None

    def check_model(self, default: str) -> None:
        """Raise UnknownNameError or ParameterError where there is no such model, or not of that size."""
        card = catalogue.card(self.model or default)
        if self.size is not None:
            card.input.with_size(self.size)


def changed_by(options: LiveOptions, text: str) -> LiveOptions:
    """The options with what a message says.

    Raises:
        ParameterError: it is no JSON object, or names what there is not.
    """
    try:
        given = parse_json(text, is_strict=True) if len(text) <= _TEXT_LIMIT else None
    except ValueError as exc:
        raise ParameterError("The message is not JSON.", 'Send {"colormap": "turbo"}, or a frame.') from exc
    if not isinstance(given, dict):
        raise ParameterError(
            "The message is no JSON object, or too long.", 'Send {"colormap": "turbo"}, or a frame.'
        )
    texts = {key: _plain(key, value) for key, value in given.items()}
    found: LiveOptions = parse(LiveOptions, asdict(options) | texts)
    return found


def _plain(name: str, value: object) -> object:
    """A value of a message as a query would have it; what is absent stays None.

    Raises:
        ParameterError: an object, or a list of other things than numbers and texts.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list) and all(isinstance(part, (str, int, float)) for part in value):
        return ",".join(map(str, value))
    raise ParameterError(f"{name} is no value.", "Give a text, a number or a list of numbers.", name)
