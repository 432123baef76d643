"""A raw remoting frame by hand: asks a name server for the route of a topic."""

import json
import socket
import struct
import time

# The request of every client for the brokers of a topic.
GET_ROUTE_BY_TOPIC = 105
_PROTOCOL_VERSION = 479


def call(address, code, fields, body=b"", timeout_seconds=2.0):
    """Sends one request to (host, port); returns the answer's header as a dict, raises OSError if there is none."""
    header = json.dumps(
        {"code": code, "language": "OTHER", "version": _PROTOCOL_VERSION, "opaque": 1, "flag": 0, "extFields": fields}
    ).encode()
    # Frame: u32 length of the rest, u32 header length (its top byte names the codec, 0 = JSON), header, body.
    frame = struct.pack(">II", 4 + len(header) + len(body), len(header)) + header + body
    with socket.create_connection(address, timeout=timeout_seconds) as sock:
        sock.sendall(frame)
        length, header_length = struct.unpack(">II", _read(sock, 8))
        rest = _read(sock, length - 4)
    return json.loads(rest[: header_length & 0xFFFFFF])


def _read(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise OSError("connection closed before the answer was complete")
        data += part
    return data


def has_route(address, topic):
    """Whether the name server at (host, port) knows `topic`."""
    try:
        return call(address, GET_ROUTE_BY_TOPIC, {"topic": topic})["code"] == 0
    except (OSError, ValueError):
        return False


def wait_for(what, fact, timeout_seconds, alive=lambda: True):
    """Waits until `fact()` holds; fails when the time is over or `alive()` no longer holds."""
    end = time.monotonic() + timeout_seconds
    while not fact():
        if not alive():
            raise RuntimeError("%s: the process ended" % what)
        if time.monotonic() > end:
            raise RuntimeError("%s: not within %d s" % (what, timeout_seconds))
        time.sleep(0.02)
