"""The smallest service of one's own: Starlette, uvicorn and the script beside this file.

    python benchmarks/by_hand/app.py WEIGHTS.onnx PORT_FILE

It answers a multipart photo with a heat map, in as many threads as there are processors, and does nothing
else: no limits, no queue, no wall, no answers that say what the values mean. The yardstick of a lone client.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import uvicorn
from heat_maps import Painter
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - Starlette calls it
from starlette.responses import Response
from starlette.routing import Route

painter = Painter(sys.argv[1], threads=1)
pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))


def answer(data: bytes) -> bytes:
    """From bytes to bytes."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".png", painter.heat_map(pixels))[1].tobytes()


async def depth(request: Request) -> Response:
    """One photo."""
    async with request.form() as form:
        data = await form["image"].read()
    body = await asyncio.get_running_loop().run_in_executor(pool, answer, data)
    return Response(body, media_type="image/png")


def main() -> None:
    """Serve on a free port until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/v1/depth", depth, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    Path(sys.argv[2]).write_text(str(listener.getsockname()[1]), encoding="ascii")
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
