"""Writes an `Answer` to the socket under a `Scenario`: delays, holds, cuts, stalls, encodings. Knows no service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

from aiohttp import HttpVersion11, web

from freeproviders.sandbox.answer import Answer, Frame
from freeproviders.sandbox.encode import encoder
from freeproviders.sandbox.gate import Gate
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.scenario import Scenario

_BOM = b"\xef\xbb\xbf"


class Delivery:
    """Sends one answer.

    Args:
        request: What is answered.
        received: Its record; the outcome and the bytes sent are kept there.
        scenario: How to behave.
        gate: Where `hold_after` waits.
    """

    def __init__(self, request: web.Request, received: Received, scenario: Scenario, gate: Gate) -> None:
        self._request = request
        self._received = received
        self._scenario = scenario
        self._gate = gate
        self._tail = b""
        self._response = web.StreamResponse()

    async def send(self, answer: Answer, outcome: str = "complete") -> web.StreamResponse:
        """Send the answer; never returns after a cut or a stall, because the client's going cancels it.

        Args:
            answer: What to send.
            outcome: What the record shall say once all is sent.

        Returns:
            The finished response.
        """
        await self._before_headers()
        self._response = self._prepared(answer)
        await self._response.prepare(self._request)
        await self._write(b"")  # a cut or stall at 0 happens here
        await asyncio.sleep(self._scenario.first_byte_delay)
        await self._body(answer)
        # settled before the end is sent: a client that has seen the end must find the outcome in the record
        self._received.finish(outcome)
        await self._response.write_eof()
        return self._response

    async def _before_headers(self) -> None:
        await asyncio.sleep(self._scenario.delay)
        if self._scenario.cut_before_headers:
            await self._cut()
        if self._scenario.stall_before_headers:
            await _forever()

    def _prepared(self, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=self._scenario.status or answer.status)
        response.headers["Content-Type"] = self._content_type(answer.content_type)
        response.headers.update(answer.headers)
        if self._scenario.retry_after is not None:
            response.headers["Retry-After"] = self._scenario.retry_after
        if self._scenario.compress is not None:
            response.headers["Content-Encoding"] = self._scenario.compress
        response.headers.update(self._scenario.headers)
        own = tuple(f"{name}={value}; Path=/; Secure; HttpOnly" for name, value in self._scenario.set_cookies.items())
        for cookie in (*answer.cookies, *own):
            response.headers.add("Set-Cookie", cookie)
        changed = self._scenario.compress is not None or self._scenario.bom
        if answer.length is not None and not changed:
            response.content_length = answer.length
        elif self._request.version >= HttpVersion11:
            response.enable_chunked_encoding()
        return response

    def _content_type(self, usual: str) -> str:
        chosen = self._scenario.content_type if self._scenario.content_type is not None else usual
        if self._scenario.charset is None:
            return chosen
        return f"{chosen.partition(';')[0]}; charset={self._scenario.charset}"

    async def _body(self, answer: Answer) -> None:
        encode = encoder(self._scenario.compress)
        lead = _BOM if self._scenario.bom else b""
        pieces = 0
        await self._hold(pieces)
        async with aclosing(answer.frames) as frames:
            async for frame in frames:
                if frame.piece and pieces:
                    await asyncio.sleep(self._scenario.pause)
                await self._emit(encode.feed(lead + self._lines(frame, answer)))
                lead = b""
                if frame.piece:
                    pieces += 1
                    await self._hold(pieces)
        await self._emit(encode.feed(lead) + encode.finish())
        await self._flush()

    def _lines(self, frame: Frame, answer: Answer) -> bytes:
        if answer.lines and self._scenario.crlf:
            return frame.data.replace(b"\n", b"\r\n")
        return frame.data

    async def _hold(self, pieces: int) -> None:
        if pieces == self._scenario.hold_after:
            await self._flush()
            await self._gate.wait()

    async def _emit(self, data: bytes) -> None:
        for part in self._fragments(data):
            await self._write(part)
            if self._scenario.fragment:
                await asyncio.sleep(0)  # lets the client's loop see the split

    def _fragments(self, data: bytes) -> Iterator[bytes]:
        size = self._scenario.fragment
        if size is None:
            yield data
            return
        data = self._tail + data
        whole = len(data) - len(data) % size
        self._tail = data[whole:]
        for at in range(0, whole, size):
            yield data[at : at + size]

    async def _flush(self) -> None:
        tail, self._tail = self._tail, b""
        await self._write(tail)

    async def _write(self, data: bytes) -> None:
        ends = [at for at in (self._scenario.cut_at, self._scenario.stall_at) if at is not None]
        room = min(ends) - self._received.sent if ends else len(data) + 1
        part = data[:room]
        if part:
            self._received.sent += len(part)
            if self._received.sent == self._response.content_length:
                self._received.finish("complete")  # with a known length this part is the end for the client
            await self._response.write(part)
        if room <= len(data):
            await self._end_early(cut=min(ends) == self._scenario.cut_at)

    async def _end_early(self, *, cut: bool) -> None:
        if cut:
            await self._cut()
        await _forever()

    async def _cut(self) -> None:
        self._received.finish("cut")
        transport = self._request.transport
        if transport is not None:
            # not abort(): that drops what the socket has not taken yet, and the cut is promised after so many bytes
            transport.close()
        await _forever()


async def _forever() -> None:
    """Wait until the task is cancelled: by the client's going, or by the sandbox's stop."""
    await asyncio.Event().wait()
