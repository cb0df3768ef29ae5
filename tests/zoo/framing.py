"""Animals that break HTTP: heads, lengths, chunks, redirects, early ends, and what is no HTTP at all."""

from __future__ import annotations

import asyncio
import socket
import struct

from .cage import FINE, UNJUDGED, Visit, animal, chunk

CHUNKED = "transfer-encoding: chunked"


@animal("timeout", says=UNJUDGED)
async def drip_of_a_head(visit: Visit) -> None:
    """Sends a head, a byte a second, for ever."""
    await visit.send(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while True:
        await visit.send(b"x")
        await asyncio.sleep(1)


@animal("protocol", says=UNJUDGED)
async def a_hundred_thousand_headers(visit: Visit) -> None:
    """Sends 100,000 headers."""
    await visit.whole(visit.body, *(f"x-{number}: {number}" for number in range(100_000)))


@animal(says=FINE)
async def a_thousand_headers(visit: Visit) -> None:
    """Sends 1,000 headers, many of them the same, which is odd and allowed."""
    await visit.whole(visit.body, *(f"x-{number % 10}: {number}" for number in range(1000)))


@animal("protocol", says=UNJUDGED)
async def a_huge_header(visit: Visit) -> None:
    """Sends a header of 10 MB."""
    await visit.whole(visit.body, "x-huge: " + "h" * 10_000_000)


@animal("protocol", says=UNJUDGED)
async def a_head_without_an_end(visit: Visit) -> None:
    """Sends headers for ever."""
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"x-more: yes\r\n" * 1000)


@animal("protocol", says=UNJUDGED)
async def a_header_without_a_colon(visit: Visit) -> None:
    """Sends a line among the headers that is none."""
    await visit.whole(visit.body, "this is no header")


@animal(says=FINE)
async def bytes_in_headers(visit: Visit) -> None:
    """Sends header values that are no ASCII, which is odd and allowed."""
    await visit.whole(visit.body, "x-odd: caf\xe9 \xff\xfe", "x-request-id: \xe9\xff")


@animal("protocol", says=UNJUDGED)
async def nul_in_a_header(visit: Visit) -> None:
    """Sends a NUL in a header."""
    await visit.whole(visit.body, "x-nul: a\0b")


@animal(says={"json": "fail", "done": "fail"})
async def a_length_too_short(visit: Visit) -> None:
    """Announces half of its body, and sends all of it."""
    await visit.head(f"content-length: {len(visit.body) // 2}")
    await visit.send(visit.body)


@animal("closed", says={"complete": "fail", "events": "pass", "done": "inconclusive"})
async def a_length_too_long(visit: Visit) -> None:
    """Announces more than it sends, and closes the connection."""
    await visit.head(f"content-length: {len(visit.body) + 100}")
    await visit.send(visit.body)


@animal("timeout", "", says={"events": "pass", "done": "pass"})
async def a_length_too_long_left_open(visit: Visit) -> None:
    """Announces more than it sends, and leaves the connection open; a stream is over at its [DONE] all the same."""
    await visit.head(f"content-length: {len(visit.body) + 100}")
    await visit.send(visit.body)
    await asyncio.sleep(60)


@animal("protocol", says=UNJUDGED)
async def two_lengths(visit: Visit) -> None:
    """Announces two lengths."""
    await visit.whole(visit.body, "content-length: 5")


@animal("protocol", says=UNJUDGED)
async def no_length_at_all(visit: Visit) -> None:
    """Announces a length that is no number."""
    await visit.head("content-length: -1")
    await visit.send(visit.body)


@animal(says={"json": "pass", "complete": "pass", "events": "pass", "done": "pass"})
async def a_length_and_chunks(visit: Visit) -> None:
    """Announces a length and sends chunks, of which the chunks count."""
    await visit.head(CHUNKED, "content-length: 5")
    await visit.send(chunk(visit.body), chunk(b""))


@animal("closed", says={"complete": "fail"})
async def a_chunk_of_no_size(visit: Visit) -> None:
    """Gives a chunk a size that is no number."""
    await visit.head(CHUNKED)
    await visit.send(b"zz\r\n" + visit.body + b"\r\n0\r\n\r\n")


@animal("closed", says={"complete": "fail"})
async def a_chunk_of_all_there_is(visit: Visit) -> None:
    """Announces a chunk of 2 to the 76th bytes, and closes the connection after a few."""
    await visit.head(CHUNKED)
    await visit.send(b"fffffffffffffffffff\r\n" + visit.body)


@animal("closed", says={"complete": "fail"})
async def chunks_without_an_end(visit: Visit) -> None:
    """Closes the connection where the last chunk should be."""
    await visit.head(CHUNKED)
    await visit.send(chunk(visit.body))


@animal("closed", says={"complete": "fail"})
async def a_chunk_with_an_endless_extension(visit: Visit) -> None:
    """Gives a chunk an extension of 10 MB."""
    await visit.head(CHUNKED)
    await visit.send(b"5;" + b"x" * 10_000_000 + b"\r\n")


@animal("closed", says={"complete": "fail"})
async def endless_trailers(visit: Visit) -> None:
    """Sends headers after the last chunk, for ever."""
    await visit.head(CHUNKED)
    await visit.send(chunk(visit.body), b"0\r\n")
    while True:
        await visit.send(b"x-more: yes\r\n" * 1000)


@animal(says=FINE)
async def an_early_hint(visit: Visit) -> None:
    """Sends 100 and 103 before its reply, as HTTP allows."""
    await visit.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n")
    await visit.politely()


@animal("timeout", says=UNJUDGED)
async def endless_hints(visit: Visit) -> None:
    """Sends 103 for ever."""
    while True:
        await visit.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10)
        await asyncio.sleep(0.01)


@animal("protocol", says=UNJUDGED)
async def switched_protocols(visit: Visit) -> None:
    """Answers 101, and speaks another protocol from then on."""
    await visit.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: chat\r\nconnection: upgrade\r\n\r\n" + visit.body)


@animal("protocol", says=UNJUDGED)
async def a_status_of_two_digits(visit: Visit) -> None:
    """Answers with status 99."""
    await visit.whole(visit.body, status="99 What")


@animal(says=UNJUDGED)
async def a_status_beyond_all(visit: Visit) -> None:
    """Answers with status 999."""
    await visit.whole(visit.body, status="999 What")


@animal(says={"json": "fail", "some": "fail"})
async def a_reset_body(visit: Visit) -> None:
    """Answers 205, whose body must be empty."""
    await visit.whole(b"", status="205 Reset Content")


@animal(says=FINE)
async def http_1_0(visit: Visit) -> None:
    """Speaks HTTP/1.0, and ends its body by closing the connection."""
    await visit.send(f"HTTP/1.0 200 OK\r\ncontent-type: {visit.media_type}\r\n\r\n".encode(), visit.body)


@animal("protocol", "closed", says=UNJUDGED)
async def http_0_9(visit: Visit) -> None:
    """Sends the bare body, without a status line."""
    await visit.send(visit.body)


@animal("protocol", says=UNJUDGED)
async def http_2(visit: Visit) -> None:
    """Speaks HTTP/2 without being asked."""
    await visit.send(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0")


@animal("closed", says=UNJUDGED)
async def hung_up(visit: Visit) -> None:
    """Closes the connection in the place of a reply."""
    visit.out.close()


@animal("closed", says={"complete": "fail"})
async def a_reset_in_the_middle(visit: Visit) -> None:
    """Resets the connection in the middle of its body."""
    await visit.head(f"content-length: {len(visit.body)}")
    await visit.send(visit.body[: len(visit.body) // 2])
    await asyncio.sleep(0.05)
    raw = visit.out.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit.out.transport.abort()


@animal(says={"json": "fail", "complete": "pass", "some": "fail"}, early=True)
async def a_reply_before_the_request(visit: Visit) -> None:
    """Answers as soon as there is a connection, before it reads what is asked."""
    await visit.whole(b"{")
    await visit.inward.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.05)


@animal("", "closed", early=True)
async def a_reply_instead_of_the_request(visit: Visit) -> None:
    """Answers as soon as there is a connection, and closes it without reading what is asked."""
    await visit.whole(b"{")


@animal("timeout", says=UNJUDGED, early=True)
async def deaf_and_dumb(visit: Visit) -> None:
    """Takes a connection and neither reads nor writes."""
    del visit
    await asyncio.sleep(60)


@animal(refused="connect", scheme="https", early=True)
async def tls_garbage(visit: Visit) -> None:
    """Answers the TLS handshake with garbage."""
    await visit.send(b"\x16\x03\x03\xff\xff" + b"\x02garbage" * 10_000)


@animal(refused="timeout", scheme="https", early=True)
async def tls_silence(visit: Visit) -> None:
    """Never answers the TLS handshake."""
    del visit
    await asyncio.sleep(60)


@animal(refused="connect", scheme="https", early=True)
async def plain_text_where_tls_should_be(visit: Visit) -> None:
    """Speaks plain HTTP on the port of TLS."""
    await visit.whole(b"{}", status="400 Bad Request")


@animal(says=UNJUDGED)
async def a_redirect_in_a_loop(visit: Visit) -> None:
    """Sends everybody back to where they came from."""
    await visit.whole(b"", "location: /openai/v1/chat/completions", status="307 Temporary Redirect")


@animal(says=UNJUDGED)
async def a_redirect_elsewhere(visit: Visit) -> None:
    """Sends everybody to another host."""
    await visit.whole(b"", f"location: {visit.elsewhere}/steal", status="308 Permanent Redirect")


@animal(says=FINE)
async def cookies(visit: Visit) -> None:
    """Sets a thousand cookies."""
    many = [f"set-cookie: c{number}=tracked; Path=/; Max-Age=1000000" for number in range(1000)]
    await visit.whole(visit.body, *many)
