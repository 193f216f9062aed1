import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Failure } from "../src/client";
import { Stream } from "../src/stream";

/** The end of a websocket that the page holds, driven by the test as a service would. */
class Socket {
  static last: Socket;
  readonly sent: unknown[] = [];
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  isClosed = false;

  constructor(
    readonly address: string,
    readonly protocols: string[],
  ) {
    Socket.last = this;
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.isClosed = true;
  }

  says(row: object): void {
    this.onmessage({ data: JSON.stringify(row) });
  }
}

const frame = new Blob(["frame"]);

describe("Stream", () => {
  let rooms = 0;
  let pictures: number[] = [];
  let failure: Failure | null = null;

  const open = (): Stream =>
    new Stream(
      { colormap: "turbo" },
      {
        onRoom: () => (rooms += 1),
        onPicture: (_, header) => pictures.push(header.seq),
        onEnd: (why) => (failure = why),
      },
    );

  beforeEach(() => {
    vi.useFakeTimers({ now: 1000 });
    vi.stubGlobal("WebSocket", Socket);
    vi.stubGlobal("document", { baseURI: "http://127.0.0.1:8080/" });
    [rooms, pictures, failure] = [0, [], null];
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("sends nothing before the service is ready, and two frames at most before an answer", () => {
    const stream = open();
    expect(Socket.last.address).toBe("ws://127.0.0.1:8080/v1/live?colormap=turbo");
    stream.send(frame);
    expect(Socket.last.sent).toEqual([]);
    Socket.last.says({ type: "ready" });
    for (let i = 0; i < 4; i += 1) stream.send(frame);
    expect(Socket.last.sent).toEqual([frame, frame]);
    Socket.last.says({ type: "frame", seq: 1, timing_ms: {} });
    Socket.last.onmessage({ data: new Blob(["picture"]) });
    expect(pictures).toEqual([1]);
    expect(stream.hasRoom).toBe(true);
  });

  it("counts frames that were dropped for a newer one as answered", () => {
    const stream = open();
    Socket.last.says({ type: "ready" });
    stream.send(frame);
    stream.send(frame);
    Socket.last.says({ type: "frame", seq: 2, timing_ms: {} });
    stream.send(frame);
    stream.send(frame);
    expect(Socket.last.sent).toHaveLength(4);
  });

  it("pauses where the service is busy, and goes on", () => {
    const stream = open();
    Socket.last.says({ type: "ready" });
    stream.send(frame);
    Socket.last.says({ type: "error", seq: 1, status: 503, retry_after_s: 2 });
    expect(stream.hasRoom).toBe(false);
    const before = rooms;
    vi.advanceTimersByTime(1100);
    expect(stream.hasRoom).toBe(true);
    expect(rooms).toBeGreaterThan(before);
    expect(failure).toBeNull();
  });

  it("ends with the reason where the service cannot go on", () => {
    const stream = open();
    Socket.last.says({ type: "ready" });
    stream.send(frame);
    Socket.last.says({ type: "error", seq: 1, status: 500, detail: "The network failed." });
    expect(failure).toMatchObject({ code: "server", detail: "The network failed." });
    expect(Socket.last.isClosed).toBe(true);
    Socket.last.onclose({ code: 1000 });
    expect(stream.hasRoom).toBe(false);
  });

  it("tells an idle end from a lost connection", () => {
    open();
    Socket.last.says({ type: "ready" });
    Socket.last.onclose({ code: 1001 });
    return vi.waitFor(() => expect(failure).toMatchObject({ code: "stream_idle" }));
  });

  it("tells a refused stream from a service that is gone", async () => {
    vi.stubGlobal("fetch", async () => new Response('{"default": "a", "models": []}'));
    open();
    Socket.last.onclose({ code: 1006 });
    await vi.waitFor(() => expect(failure).toMatchObject({ code: "stream_full" }));
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("no network");
    });
    open();
    Socket.last.says({ type: "ready" });
    Socket.last.onclose({ code: 1006 });
    await vi.waitFor(() => expect(failure).toMatchObject({ code: "offline" }));
  });

  it("changes colours, and is silent once closed", () => {
    const stream = open();
    Socket.last.says({ type: "ready" });
    stream.change({ colormap: "grey" });
    expect(Socket.last.sent).toEqual(['{"colormap":"grey"}']);
    stream.close();
    Socket.last.onclose({ code: 1000 });
    Socket.last.says({ type: "ready" });
    expect(failure).toBeNull();
    expect(Socket.last.isClosed).toBe(true);
  });
});
