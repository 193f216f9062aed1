"""Depth nodes for ComfyUI: this folder, copied or linked to ``ComfyUI/custom_nodes/nearfar``, is all.

The network is inside the package ``nearfar``: nothing is downloaded, and no graphics card is needed.
"""

from .nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
