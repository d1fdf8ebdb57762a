"""`python -m threads_or_processes.interpreters --request REQUEST --out FOLDER`.

REQUEST is JSON, or a file that holds it: {"arms": [{"name", "version", "free_threaded", "gil",
"compilation"}], "provider", "paths", "tarball", "build", "requirements"}. Writes `<arm>.json` for
each arm, `parity.json`, and with `--made-for` what that gives as `made-for.json`.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from threads_or_processes.common.decoding import MismatchError, decode
from threads_or_processes.common.errors import UserError, exit_on_user_error
from threads_or_processes.common.files import read_json, write_json
from threads_or_processes.interpreters.cache import default_cache
from threads_or_processes.interpreters.parcel import pack, unpack
from threads_or_processes.interpreters.parity import compare
from threads_or_processes.interpreters.process import Progress
from threads_or_processes.interpreters.providers import provide
from threads_or_processes.interpreters.request import request_from
from threads_or_processes.records.interpreter import InterpreterRequest


def main() -> None:
    """Provide the arms and write their identities; nothing is written unless all succeed."""
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.interpreters", description=__doc__
    )
    parser.add_argument("--request", required=True, help="JSON, or a file that holds it")
    parser.add_argument("--out", type=Path, required=True, help="folder for the identities")
    parser.add_argument(
        "--made-for",
        type=json.loads,
        help="JSON to keep in made-for.json: what these identities are made for",
    )
    parser.add_argument("--pack", type=Path, help="tar file to write, for other machines")
    parser.add_argument("--parcel", type=Path, help="tar file to take the interpreters from")
    parser.add_argument("--local", type=Path, help="folder to unpack them in, on a disk of its own")
    arguments = parser.parse_args()
    request = request_from(_asked(arguments.request))
    cache = default_cache()
    try:
        if arguments.parcel:
            identities = unpack(arguments.parcel, request.arms, arguments.local)
        else:
            identities = provide(request, cache, Progress())
        if arguments.pack:
            pack(identities, cache, arguments.pack)
    except KeyboardInterrupt:
        with contextlib.suppress(BrokenPipeError):  # Ctrl-C also ended the reader of our output
            print("interrupted; what was half made will not be used", file=sys.stderr)
        sys.exit(130)
    except OSError as error:  # no permission, or a full disk: what the rest expects it handles
        raise UserError(
            f"the interpreters could not be kept ({error})",
            where=str(cache),
            hint="set XDG_CACHE_HOME to a folder you can write in, with 1 GB free",
        ) from None
    for name, identity in identities.items():
        write_json(arguments.out / f"{name}.json", identity)
    write_json(arguments.out / "parity.json", compare(list(identities.values())))
    if arguments.made_for is not None:
        write_json(arguments.out / "made-for.json", arguments.made_for)


def _asked(text: str) -> InterpreterRequest:
    if not text.lstrip().startswith("{"):
        value = read_json(Path(text))
    else:
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise UserError(f"the request is not JSON ({error})", where="--request") from None
    try:
        asked = decode(value, InterpreterRequest)
    except MismatchError as error:
        raise UserError(
            f"the request can't be used: {error}", where="--request", hint="see --help"
        ) from None
    if not asked.arms:
        raise UserError("the request names no builds", where="--request", hint="see --help")
    return asked


if __name__ == "__main__":
    exit_on_user_error(main)
