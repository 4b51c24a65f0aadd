"""Starts the cleaning process for one file, feeds it, and reads its answer. Believes nothing it says unchecked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from casework.cleaning.verdict import BROKEN, TOO_HEAVY

WALL_SECONDS = 60.0
"""After this time the process is ended, whether it computes or waits; the worker's lease is longer."""
_HEADER_LIMIT = 4096
_PIECE = 256 * 1024
_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, sys.argv[1]); from casework.cleaning.sandbox import main; main(sys.argv[2:])"
# Types that a copy may have. The process is not trusted, so its word is looked up here.
_COPIES = frozenset(
    {"image/jpeg", "application/pdf", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/amr"}
    | {"video/mp4", "text/plain"}
)


@dataclass(frozen=True)
class Answer:
    """What came of it: by itself, that there is no copy and why."""

    reason: str = ""


@dataclass(frozen=True)
class Cleaned(Answer):
    """A copy was written: its type, size in bytes, pages or seconds where they apply."""

    media_type: str = ""
    size: int = 0
    pages: int | None = None
    seconds: int | None = None


class Interrupted(RuntimeError):
    """The process was ended from outside before it answered: nothing is known about the file, try again."""


def clean_apart(
    media_type: str,
    size: int,
    chunks: Iterable[bytes],
    write: Callable[[bytes], object],
    limit: int,
    *,
    wall_seconds: float = WALL_SECONDS,
) -> Answer:
    """Clean `chunks` (`size` bytes in all, of a type of the policy) in a process of its own.

    The copy, at most `limit` bytes and a little, goes to `write` piece by piece while it comes. Raises Interrupted.
    """
    # -I: neither the environment nor the working directory has a say in what is imported.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-I", "-B", "-c", _START, _ROOT, media_type, str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        close_fds=True,
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    watch = threading.Timer(wall_seconds, end)
    watch.daemon = True
    watch.start()
    try:
        answer = _converse(process, chunks, write, limit + limit // 10 + _PIECE)
    finally:
        watch.cancel()
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        process.wait()
    if answer is not None:
        return answer
    return _without_answer(process.returncode, late.is_set())


def _without_answer(code: int, late: bool) -> Answer:
    """Tell a file that broke its cleaner from a cleaner that somebody else ended."""
    if late or code in (-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
        return Answer(TOO_HEAVY)
    if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
        raise Interrupted(f"ended by signal {-code}")
    return Answer(BROKEN)


def _converse(
    process: subprocess.Popen[bytes], chunks: Iterable[bytes], write: Callable[[bytes], object], limit: int
) -> Answer | None:
    """Feed the process, then read header and copy. None when it ended without a whole answer."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    with suppress(BrokenPipeError):  # it has seen enough, or is gone: the answer tells
        for chunk in chunks:
            process.stdin.write(chunk)
    with suppress(BrokenPipeError):
        process.stdin.close()
    header = _header(process.stdout)
    if header is None:
        process.wait()
        return None
    if header.get("type") not in _COPIES:
        return Answer(str(header.get("reason") or BROKEN))
    promised = _whole(header.get("size"))
    if promised is None or promised > limit:
        return Answer(TOO_HEAVY)
    if _pump(process.stdout, write, promised) != promised:
        process.wait()
        return None
    return Cleaned("", str(header["type"]), promised, _whole(header.get("pages")), _whole(header.get("seconds")))


def _header(pipe: IO[bytes]) -> dict[str, Any] | None:
    line = pipe.readline(_HEADER_LIMIT)
    if not line.endswith(b"\n"):
        return None
    try:
        header = json.loads(line)
    except ValueError:
        return None
    return header if isinstance(header, dict) else None


def _whole(value: object) -> int | None:
    """Return a number that can be a size, a count of pages or of seconds."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _pump(pipe: IO[bytes], write: Callable[[bytes], object], promised: int) -> int:
    taken = 0
    while taken < promised:
        piece = pipe.read(min(_PIECE, promised - taken))
        if not piece:
            break
        write(piece)
        taken += len(piece)
    return taken
