"""What crosses the layers: photo, camera, depth map, picture. Frozen, and they check themselves."""

from nearfar.cards import DepthKind
from nearfar.types.camera import FOCAL_PX, Camera
from nearfar.types.clip import Clip
from nearfar.types.depth import DepthMap
from nearfar.types.frame import Frame, Frames
from nearfar.types.photo import Photo, PhotoWarning
from nearfar.types.picture import Picture
from nearfar.types.provenance import Provenance, Undo
from nearfar.types.ranges import PERCENTILES, RangeRule, parse_range

__all__ = [
    "FOCAL_PX",
    "PERCENTILES",
    "Camera",
    "Clip",
    "DepthKind",
    "DepthMap",
    "Frame",
    "Frames",
    "Photo",
    "PhotoWarning",
    "Picture",
    "Provenance",
    "RangeRule",
    "Undo",
    "parse_range",
]
