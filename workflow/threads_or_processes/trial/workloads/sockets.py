"""Requests to a server that takes its time, over the loopback interface.

Run as a program, this module is the server; it serves until its standard input ends.
"""

import os
import socket as socket_module
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from threads_or_processes.trial.workloads.registry import register

HOST = "127.0.0.1"
# A task's number and the seconds after which the server sends the number back.
REQUEST = struct.Struct("!qd")
REPLY = struct.Struct("!q")


async def _socket(task: int, port: int, requests: int, seconds: float) -> int:
    import asyncio  # here: the other models need not load it

    total = 0
    reader, writer = await asyncio.open_connection(HOST, port)
    for _ in range(requests):
        writer.write(REQUEST.pack(task, seconds))
        total += REPLY.unpack(await reader.readexactly(REPLY.size))[0]
    writer.close()
    await writer.wait_closed()
    return total


class _Conversation(socketserver.BaseRequestHandler):
    """One connection's requests, one after another, in a thread of its own."""

    request: socket_module.socket

    def handle(self) -> None:
        while request := self.request.recv(REQUEST.size, socket_module.MSG_WAITALL):
            number, seconds = REQUEST.unpack(request)
            time.sleep(seconds)
            self.request.sendall(REPLY.pack(number))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # The 5 of socketserver turns connections away that come all at once.
    request_queue_size = 1024


def serve() -> None:
    """Print the port, then serve until whoever started this closes standard input or is gone."""
    with _Server((HOST, 0), _Conversation) as server:
        print(server.server_address[1], flush=True)  # noqa: T201 - read by `_served`
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        os._exit(0)  # whatever is still being answered


@contextmanager
def _served(**_: Any) -> Iterator[Mapping[str, Any]]:
    """The server in a process of its own; yields its port."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        try:
            yield {"port": int(server.stdout.readline())}
        finally:
            server.kill()


@register(
    title="Network requests (I/O wait)",
    kind="waiting, releases the GIL",
    unit="connection with 2 requests",
    why="Waits for the network, with all costs of a real connection. The server is a process of "
    "its own and answers after a fixed time.",
    expected="Threads and processes: the same speedup with every worker, beyond the number of "
    "CPUs, until system calls fill them.",
    coroutine=_socket,
    same_results_with={"seconds": 0.0},
    fixture=_served,
)
def socket(task: int, port: int, requests: int = 2, seconds: float = 0.001) -> int:
    """Ask the server `requests` times, over one connection that is this task's own."""
    total = 0
    with socket_module.create_connection((HOST, port)) as connection:
        for _ in range(requests):
            connection.sendall(REQUEST.pack(task, seconds))
            total += REPLY.unpack(connection.recv(REPLY.size, socket_module.MSG_WAITALL))[0]
    return total


if __name__ == "__main__":
    serve()
