"""A window that shows pictures, by the toolkit that comes with Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nearfar.errors import NearfarError

if TYPE_CHECKING:
    import numpy.typing as npt

_HINT = (
    "Record it instead (-o FILE.mkv), read its rows (--json), or open the page's live camera: nearfar serve."
)


class NoDisplayError(NearfarError, RuntimeError):
    """There is nowhere to show a window."""


class Screen(Protocol):
    """Shows pictures until somebody closes it."""

    def show(self, pixels: npt.NDArray[Any]) -> bool:
        """Show (H, W, 3) uint8; False where it was closed."""
        ...

    def close(self) -> None:
        """Take it away."""
        ...


class Window:
    """One window of this machine's display; q, Escape or its own button close it."""

    def __init__(self, title: str) -> None:
        """Raises NoDisplayError where there is no display, or Python has no toolkit for one."""
        try:
            import tkinter  # noqa: ICN001 - tk is no word of ours
        except ImportError as exc:
            raise NoDisplayError("This Python has no tkinter, which shows windows.", _HINT) from exc
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as exc:
            raise NoDisplayError(f"There is no display to show a window on: {exc}.", _HINT) from exc
        self._root.title(title)
        self._label = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._picture: Any = None
        self._is_open = True
        self._root.protocol("WM_DELETE_WINDOW", self.close)
        for key in ("<q>", "<Escape>"):
            self._root.bind(key, lambda _: self.close())

    def show(self, pixels: npt.NDArray[Any]) -> bool:
        """Show a picture; False where the window was closed."""
        import tkinter  # noqa: ICN001 - as above

        if self._is_open:
            height, width = pixels.shape[:2]
            data = f"P6 {width} {height} 255 ".encode() + pixels.tobytes()
            self._picture = tkinter.PhotoImage(data=data, format="PPM")
            self._label.configure(image=self._picture)
            self._root.update()
        return self._is_open

    def close(self) -> None:
        """Take it away."""
        if self._is_open:
            self._is_open = False
            self._root.destroy()
