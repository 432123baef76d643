"""Free ports for servers that are stopped and started again on the same port."""

import random
import socket

# Below the range from which the kernel takes ports of outgoing connections: while a server is being restarted its
# clients connect again and again, and one of those connections must not take the server's port.
_LOW, _HIGH = 20000, 32000


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(neighbours=()):
    """A port that is free together with port + n for every n of `neighbours`."""
    for _ in range(500):
        port = random.randrange(_LOW, _HIGH)
        if all(_is_free(port + n) for n in (0, *neighbours)):
            return port
    raise RuntimeError("no free port between %d and %d" % (_LOW, _HIGH))
