"""From a card to verified files of weights on this disk: looked up, pulled, imported, packed.

``store`` says where files lie and which hashes were pinned; ``fetch`` brings them over the network;
``packs`` carries them to a machine without one.
"""

from __future__ import annotations

from nearfar.weights.store import Found, Pin, Store, locate, open_store, pin_of

__all__ = ["Found", "Pin", "Store", "locate", "open_store", "pin_of"]
