"""Has a command of this package run by the server, where there is one; else runs it itself.

    python -I -S client.py measure --spec ...

It is started for every trial, so it imports nothing that takes time: `socket` alone doubles the
10 ms that an interpreter needs to start. While its command runs it sleeps. What becomes of it
becomes of the command: an interrupt is passed on, and the command ends when its client is killed.
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
        server = socket(AF_UNIX, SOCK_SEQPACKET)
        server.connect(os.environ[ADDRESS])
        streams = b"".join(end.to_bytes(4, sys.byteorder) for end in (1, 2))
        server.sendmsg(["\0".join(arguments).encode()], [(SOL_SOCKET, SCM_RIGHTS, streams)])
    except (KeyError, OSError):  # none here, or none any more
        own = [sys.executable, "-m", "threads_or_processes.trial"]
        os.execv(sys.executable, [*own, *arguments])  # noqa: S606 - that is what it is for
    while True:
        try:
            exit_code = server.recv(8)
            break
        except KeyboardInterrupt:
            server.sendmsg([INTERRUPT])
    if not exit_code:
        sys.stderr.write("error: the server of trials has ended\n")
    sys.stderr.flush()
    os._exit(int(exit_code or 1))


if __name__ == "__main__":
    main()
