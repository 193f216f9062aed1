"""The flags that name a network, alike in every verb that looks at photos."""

from __future__ import annotations

from nearfar.errors import ParameterError

MODEL_HELP = "Network to use, a name out of nearfar models; else the setting, embedded."
FINE_HELP = "The finer network inside the package: sharper and surer, about a fifth as fast."
FINE = "embedded-fine"


def network(model: str, *, fine: bool, fast: bool = False) -> str | None:
    """The name of the network that was asked for; None leaves it to the setting.

    Raises:
        ParameterError: two wishes that exclude each other.
    """
    if fine and fast:
        raise ParameterError("Both --fine and --fast were given.", "Give one of them.", parameter="fine")
    if fine and model not in {"", FINE}:
        raise ParameterError(
            f"--fine is the network {FINE}, and --model names {model}.",
            "Give one of them.",
            parameter="fine",
        )
    return FINE if fine else model or None
