"""Messages on a pipe between the renderer and its compiler: four bytes of length, then the content."""

from typing import IO

_PREFIX = 4


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """Write one message; the caller flushes."""
    pipe.write(len(content).to_bytes(_PREFIX, "big"))
    pipe.write(content)


def read_frame(pipe: IO[bytes]) -> bytes:
    """Read one message.

    Raises:
        EOFError: the other side closed the pipe or died while writing.
    """
    length = int.from_bytes(_exactly(pipe, _PREFIX), "big")
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    content = pipe.read(count)
    if len(content) != count:
        raise EOFError
    return content
