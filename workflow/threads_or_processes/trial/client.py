"""Has a command of this package run by the server, where there is one; else runs it itself.

    python -I -S client.py measure --spec ...

It is started for every trial, so it imports nothing that takes time: `socket` alone doubles the
10 ms that an interpreter needs to start. While its command runs it sleeps. What becomes of it
becomes of the command: an interrupt is passed on, and the command ends when its client is killed.
When the server is killed, the command ends, and is run once more here.
"""

import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET, socket

ADDRESS = "TRIAL_SERVER"
INTERRUPT = b"\2"  # SIGINT


def main() -> None:
    """Send arguments and output streams, and end as the command ends."""
    arguments = sys.argv[1:]
    try:
        address = os.environ[ADDRESS]
        server = socket(AF_UNIX, SOCK_SEQPACKET)
        server.connect(f"\0{address}")
        if not is_of_this_user(server):
            raise PermissionError
        streams = b"".join(end.to_bytes(4, sys.byteorder) for end in (1, 2))
        server.sendmsg(["\0".join(arguments).encode()], [(SOL_SOCKET, SCM_RIGHTS, streams)])
    except (KeyError, OSError):  # none here, or none any more
        run_here(arguments)
    while True:
        try:
            exit_code = server.recv(8)
            break
        except KeyboardInterrupt:
            server.sendmsg([INTERRUPT])
        except ConnectionError:
            exit_code = b""
            break
    if not exit_code:  # the command has ended with it
        sys.stderr.write("warning: the server of trials was killed; trying again without it\n")
        sys.stderr.flush()
        run_here(arguments)
    os._exit(int(exit_code))


def is_of_this_user(connection: socket) -> bool:
    """Whether the other end is a process of the same user: the name of a server is no secret."""
    from _socket import SO_PEERCRED  # macOS has none, and there is no server either

    process_user_group = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    return int.from_bytes(process_user_group[4:8], sys.byteorder) == os.getuid()


def run_here(arguments: list[str]) -> None:
    """Become the command."""
    own = [sys.executable, "-m", "threads_or_processes.trial"]
    os.execv(sys.executable, [*own, *arguments])  # noqa: S606 - that is what it is for


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # before it waits; a command that the server has ends with it
        os._exit(130)
