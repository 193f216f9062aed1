"""Growth of the service's memory over 2,000 requests in a row.

    python benchmarks/service_memory.py [--requests 2000] [--clients 4] [--mixed]

``nearfar serve`` with its default settings is warmed by 200 requests; then its resident set size is read, the
requests are asked, and it is read again. ``--mixed`` asks with photos of sixteen sizes and shapes in turn
instead of 512×512, and with a 16-bit or npy answer for two of three.
"""

from __future__ import annotations

import argparse

from service_load import load, photos, request, server

MIB = 2**20


def requests_of(*, is_mixed: bool) -> list[bytes]:
    """What is asked in turn."""
    if not is_mixed:
        return [request(photo) for photo in photos()]
    sizes = [(320 + 48 * i, 900 - 40 * i) for i in range(16)]
    queries = ("", "?format=npy", "?format=png16")
    return [request(photos(1, *size)[0], queries[i % 3]) for i, size in enumerate(sizes)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--mixed", action="store_true")
    given = parser.parse_args()
    asked = requests_of(is_mixed=given.mixed)
    with server() as service:
        load(service.address, asked, given.clients, most=200)
        begin = service.rss_bytes()
        for part in range(4):
            tally = load(service.address, asked, given.clients, most=given.requests // 4)
            now = service.rss_bytes()
            done = (part + 1) * given.requests // 4
            print(f"after {done} requests: {now / MIB:.1f} MiB, {(now - begin) / MIB:+.1f} MiB", flush=True)
            if tally.failed or tally.refused:
                print(f"  refused {tally.refused}, failed {tally.failed}")
    print(f"growth {(now - begin) / MIB:.1f} MiB (goal: under 20 MB)")


if __name__ == "__main__":
    main()
