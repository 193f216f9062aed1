"""Whole requests by number: where a hostile file goes, and what is wrong around it."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_from_bytes

from hostile import arrays, boxes, jpeg, masks, plain, png, riff, tiff, zips
from hostile.changes import by_weight, lie, scarred
from pictures import draw, encoded

if TYPE_CHECKING:
    from random import Random

PICTURES = {
    "png": png.WAYS,
    "jpeg": jpeg.WAYS,
    "tiff": tiff.WAYS,
    "webp": riff.WAYS,
    "heif": boxes.WAYS,
    "gif": plain.GIF,
    "bmp": plain.BMP,
    "pnm": plain.PNM,
}
EFFECTS = (
    *("anaglyph", "autostereogram", "bokeh", "cutout", "depth-slices", "edges", "fog", "heatmap", "normals"),
    *("occlude", "overlay", "relight", "side-by-side", "stereo", "tint", "wiggle"),
)
EXPORTS = (
    "dynamic-depth",
    "exr",
    "gdepth",
    "glb",
    "npy",
    "npz",
    "obj",
    "ora",
    "pfm",
    "ply",
    "png16",
    "sidecar",
    "tiff",
)
NAMES = (
    *(
        "format",
        "model",
        "size",
        "tiles",
        "tiles_length",
        "intrinsics",
        "own_depth",
        "colormap",
        "range",
        "overlay",
    ),
    *(
        "fast",
        "max_side",
        "parts",
        "focus",
        "strength",
        "background",
        "nearest",
        "frames",
        "path",
        "light",
        "fov",
    ),
    *(
        "colour",
        "period",
        "faces",
        "points",
        "texture",
        "count",
        "quality",
        "seed",
        "gap",
        "near",
        "far",
        "models",
    ),
)
WORDS = (
    *(
        "true",
        "json",
        "png",
        "image",
        "percentile",
        "0,1",
        "nan,nan",
        "1e400",
        "-1",
        "1e-320",
        "1,2,3,4",
        "#ffffff",
    ),
    *(
        "99999999999999999999",
        "embedded",
        "\ud800",
        "\u202e",
        "\0",
        "../../etc/passwd",
        "%",
        "heatmap,npy",
        "٣",
    ),
)


@dataclass(frozen=True)
class Hostile:
    """One input: the bytes of a request, or the frames of a live stream (then ``request`` is its query)."""

    number: int
    what: str
    request: bytes
    frames: tuple[bytes | str, ...] = ()
    is_malformed: bool = field(default=False)
    """Whether the head is no HTTP or lies about the body's length: then no answer is an answer."""

    def saved(self) -> bytes:
        """As a file that :func:`read` takes."""
        frames = [
            {"text": f} if isinstance(f, str) else {"b64": base64.b64encode(f).decode()} for f in self.frames
        ]
        row = {"number": self.number, "what": self.what, "is_malformed": self.is_malformed, "frames": frames}
        return json.dumps(row).encode() + b"\n" + self.request


def read(saved: bytes) -> Hostile:
    """An input as it was saved."""
    head, _, request = saved.partition(b"\n")
    row = json.loads(head)
    frames = tuple(f["text"] if "text" in f else base64.b64decode(f["b64"]) for f in row.pop("frames"))
    return Hostile(**row, request=request, frames=frames)


def made(seed: int, number: int) -> Hostile:
    """The input of that number; the same one each time."""
    rng = random.Random(f"{seed}-{number}")  # noqa: S311 - to be repeated, not to be secret
    ((_, what, make),) = rng.choices(KINDS, [weight for weight, _, _ in KINDS])
    return make(rng, number, what)


def picture(rng: Random) -> tuple[str, bytes]:
    """A hostile picture of any format, and which."""
    kind = rng.choice(tuple(PICTURES))
    return kind, by_weight(rng, PICTURES[kind])


def head(method: str, target: str, headers: dict[str, Any]) -> bytes:
    """The head of a request, of a connection of its own."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def form(parts: list[tuple[str, bytes]], boundary: str = "frontier") -> tuple[str, bytes]:
    """A multipart body of these fields, and its Content-Type."""
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode()
        + part
        + b"\r\n"
        for name, part in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _post(target: str, kind: str, body: bytes) -> bytes:
    return head("POST", target, {"Content-Type": kind, "Content-Length": len(body)}) + body


def _good() -> bytes:
    return zips.good_photo()


def _target(rng: Random) -> str:
    way = rng.randrange(4)
    if way == 0:
        return f"/v1/effects/{rng.choice(EFFECTS)}"
    if way == 1:
        return f"/v1/exports/{rng.choice(EXPORTS)}"
    return "/v1/depth" + rng.choice(
        ("", "?format=json&parts=heatmap,npy", "?own_depth=true", "?fast=true", "?tiles=true", "?max_side=64")
    )


def photo(rng: Random, number: int, what: str) -> Hostile:
    """A hostile photo to any operation."""
    kind, body = picture(rng)
    target = _target(rng)
    sent = (
        _post(target, "image/jpeg", body) if rng.random() < 0.7 else _post(target, *form([("image", body)]))
    )
    return Hostile(number, f"{what} {kind} {target}", sent)


def depth_file(rng: Random, number: int, what: str) -> Hostile:
    """A hostile depth file, array or photo with depth, where a photo or a mask is expected."""
    body = by_weight(rng, arrays.WAYS)
    if rng.random() < 0.5:
        return Hostile(
            number, f"{what} as photo", _post("/v1/depth?own_depth=true&format=npy", "image/jpeg", body)
        )
    return Hostile(
        number, f"{what} as mask", _post("/v1/effects/cutout", *form([("image", _good()), ("mask", body)]))
    )


def mask(rng: Random, number: int, what: str) -> Hostile:
    """A good photo with a hostile mask."""
    if rng.random() < 0.5:
        kind, body = "json", by_weight(rng, masks.WAYS)
    else:
        kind, body = picture(rng)
    target = f"/v1/effects/{rng.choice(('bokeh', 'cutout'))}"
    return Hostile(
        number, f"{what} {kind} {target}", _post(target, *form([("image", _good()), ("mask", body)]))
    )


def background(rng: Random, number: int, what: str) -> Hostile:
    """A good photo with a hostile picture behind it."""
    kind, body = picture(rng)
    sent = _post("/v1/effects/cutout?nearest=40", *form([("image", _good()), ("picture", body)]))
    return Hostile(number, f"{what} {kind}", sent)


def _word(rng: Random) -> str:
    kind = rng.randrange(5)
    if kind == 0:
        return quote(rng.choice(WORDS).encode("utf-8", "surrogatepass"))
    if kind == 1:
        return str(lie(rng, 64))
    if kind == 2:
        return quote_from_bytes(rng.randbytes(rng.randrange(30)))
    if kind == 3:
        return quote(rng.choice(('"/,', "a", "1,", "[", "(a", "-", " ", ",;=", "%25"))) * rng.choice(
            (1, 20, 3_000)
        )
    return "#" * rng.randrange(4)


def parameters(rng: Random, number: int, what: str) -> Hostile:
    """A good photo with strange parameters and headers."""
    pairs = [f"{rng.choice(NAMES)}={_word(rng)}" for _ in range(rng.choice((1, 2, 3, 200)))]
    where = rng.choice(
        (
            "/v1/depth",
            "/v1/compare",
            f"/v1/effects/{rng.choice(EFFECTS)}",
            f"/v1/exports/{rng.choice(EXPORTS)}",
        )
    )
    target = f"{where}?{'&'.join(pairs)}".replace("#", "%23")[:30_000]
    headers = {"Content-Type": "image/jpeg", "Content-Length": len(_good())}
    for _ in range(rng.randrange(3)):
        name = rng.choice(
            (
                "Accept",
                "Prefer",
                "Forwarded",
                "X-Forwarded-For",
                "Range",
                "Origin",
                "X-Request-Id",
                "Accept-Language",
                "Authorization",
            )
        )
        headers[name] = rng.choice(
            (
                "a/b;q=" + "9" * 300,
                "wait=" + "9" * 400,
                "for=" + '"\\' * 500,
                "bytes=0-,5-",
                "a," * 900,
                "null",
                "text/*;q=0.5, */*;q=NaN",
            )
        )
    return Hostile(number, f"{what} {where}", head("POST", target, headers) + _good())


def malformed(rng: Random, number: int, what: str) -> Hostile:
    """A multipart body or a head that is damaged, or lies about its length."""
    kind, body = form([("image", _good()), *[("mask", b"{}")] * rng.randrange(3)])
    target = rng.choice(("/v1/depth", "/v1/effects/bokeh", "/v1/jobs"))
    way = rng.randrange(5)
    if way == 0:
        return Hostile(number, f"{what} form", _post(target, kind, scarred(rng, body)))
    if way == 1:
        many = form(
            [("image" if rng.random() < 0.1 else "x" * rng.choice((1, 300, 9_000)), b"")]
            * rng.choice((2, 3_000))
        )
        return Hostile(number, f"{what} fields", _post(target, *many))
    if way == 2:
        odd = rng.choice(
            (
                "multipart/form-data",
                'multipart/form-data; boundary="',
                f"multipart/form-data; boundary={'b' * 500}",
                "multipart/form-data; boundary=frontier; boundary=x",
                "multipart/mixed; boundary=frontier",
            )
        )
        return Hostile(number, f"{what} boundary", _post(target, odd, body))
    length = rng.choice((0, 5, len(body) - 1, len(body) + 10, 2**31, 2**63, -1, "x", "5, 5"))
    if way == 3:
        lying = head("POST", target, {"Content-Type": kind, "Content-Length": length}) + body
        return Hostile(number, f"{what} length", lying, is_malformed=True)
    return Hostile(number, f"{what} head", scarred(rng, _post(target, kind, body)[:400]), is_malformed=True)


def _pipeline(rng: Random) -> bytes:
    if rng.random() < 0.3:
        return rng.choice(
            (
                masks.deep(rng),
                b"",
                b"null",
                b"[" * 60_000,
                b"{" + b'"a":1,' * 9_000 + b'"b":2}',
                b'{"model":"\\ud800"}',
            )
        )
    whole: dict[str, Any] = {"effects": ["heatmap"]}
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(("model", "size", "effects", "exports", "options", "\ud800", "x" * 900))
        whole[name] = rng.choice(
            (
                *masks.STRANGE,
                lie(rng, 64),
                ["heatmap"] * 17,
                [{"name": "bokeh", "options": {"strength": rng.choice(masks.STRANGE)}}],
                ["\ud800"],
            )
        )
    return masks.text_of(whole)


def job(rng: Random, number: int, what: str) -> Hostile:
    """A ZIP, photos or a pipeline of a job."""
    way = rng.randrange(4)
    if way == 0:
        return Hostile(number, f"{what} zip", _post("/v1/jobs", "application/zip", by_weight(rng, zips.WAYS)))
    if way == 1:
        body = zips.of_hostile(rng, lambda rng: picture(rng)[1])
        return Hostile(number, f"{what} zip of pictures", _post("/v1/jobs", "application/zip", body))
    if way == 2:
        return Hostile(
            number,
            f"{what} pipeline",
            _post("/v1/jobs", *form([("images", _good()), ("pipeline", _pipeline(rng))])),
        )
    asked = rng.choice(
        (
            "",
            "/0",
            "/%00",
            "/" + "a" * 3_000,
            "?limit=99999999999999999999",
            "?after=%F0%9F&state=x",
            "/x/results/1?file=../../a",
            "/x/events",
        )
    )
    return Hostile(
        number,
        f"{what} asked",
        head(
            "GET",
            f"/v1/jobs{asked}",
            {"Last-Event-ID": rng.choice(("9" * 400, "-1", "x")), "Range": "bytes=9-1"},
        ),
    )


def live(rng: Random, number: int, what: str) -> Hostile:
    """Frames and messages of a live stream."""
    frames: list[bytes | str] = []
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.7:
            frames.append(picture(rng)[1])
            continue
        name = rng.choice(("model", "size", "range", "colormap", "format", "smooth", "quality", "x"))
        odd = rng.choice((*masks.STRANGE, lie(rng, 64), [1, 2, 3]))
        text = rng.choice((masks.text_of({name: odd}), masks.deep(rng), b"null", b"5", b'{"size":NaN}'))
        frames.append(text.decode())
    return Hostile(
        number, what, rng.choice(("", "?format=png16", "?smooth=0&size=64")).encode(), tuple(frames)
    )


def big(rng: Random, number: int, what: str) -> Hostile:
    """A sound photo of some megapixels: what honest ones cost beside the others."""
    side = rng.choice((500, 800, 2_000))
    body = encoded(draw(side, side * 3 // 4), "JPEG", quality=60)
    target = _target(rng)
    return Hostile(number, f"{what} {target}", _post(target, "image/jpeg", body))


KINDS = (
    (136, "photo", photo),
    (56, "mask", mask),
    (32, "background", background),
    (40, "depth file", depth_file),
    (36, "parameters", parameters),
    (32, "malformed", malformed),
    (36, "job", job),
    (28, "live", live),
    (1, "large photo", big),
)
"""How often, its name, and what makes it."""
