"""A file or stream of text as lines of UTF-8, each as soon as it is complete, of bounded length."""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from gru_sentiment.errors import DataError
from gru_sentiment.rows.row import MAX_BYTES

AHEAD = 1 << 20
"""Bytes of a file that are looked at before it is read."""
GZIP = b"\x1f\x8b"
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Encodings by the byte order mark that a text begins with."""
BINARY = {b"PK\x03\x04": "a zip archive or a spreadsheet", b"PAR1": "a parquet file"}
"""Files that are no text, by how they begin."""
WESTERN = 0.25
"""A larger share of bytes beyond ASCII is no text of a Western European language."""
UNDECODED = "gru-sent-undecoded"
codecs.register_error(UNDECODED, lambda error: ("\udcff", getattr(error, "end", 0)))


def utf8(stream: BinaryIO, encoding: str | None = None, setting: str = "data.encoding") -> BinaryIO:
    """The text of a stream as UTF-8 without a byte order mark, unpacked if it is gzip.

    Args:
        stream: of bytes.
        encoding: of the text; None goes by a byte order mark, else is UTF-8.
        setting: the name of `encoding` in messages.

    Raises:
        DataError: there is no such encoding, the bytes contradict it, or they are no text.
    """
    named = _codec(encoding, setting)
    try:
        stream = _peekable(stream)
        if ahead(stream).startswith(GZIP):
            stream = io.BufferedReader(_Unpacked(fileobj=stream, mode="rb"), AHEAD)
        head = ahead(stream)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(error) from error
    binary = next((kind for mark, kind in BINARY.items() if head.startswith(mark)), None)
    if binary:
        raise DataError(
            f"the input is {binary}, not text", hint="name it by its kind, or save it as CSV"
        )
    mark, marked = next(((m, e) for m, e in MARKS.items() if head.startswith(m)), (b"", None))
    if named and marked and not (named + "-").startswith(marked[:6]):
        raise DataError(
            f"the input is marked as {marked}, and {setting} says {encoding}",
            hint=f"leave {setting} out",
        )
    stream.read(len(mark))
    codec = marked or named or "utf-8"
    if codec == "utf-8":
        _check_no_utf16(head, setting)
        return stream
    if not codec.startswith("utf"):
        _check_not_utf8(head, str(encoding), setting)
    return io.BufferedReader(_Recoded(stream, codec), AHEAD)


def ahead(stream: BinaryIO) -> bytes:
    """Bytes that a stream gives next, without taking them; none where it cannot tell."""
    peek = getattr(stream, "peek", None)
    content: bytes = peek(AHEAD) if peek else b""
    return content


def lines(stream: BinaryIO, *, lone_returns: bool = False) -> Iterator[bytes | None]:
    """Lines with their ends; None for one that is too long.

    LF and CR LF end a line, and with `lone_returns` CR does too.

    Raises:
        DataError: the stream cannot be read.
    """
    try:
        yield from _split(stream) if lone_returns else _lines(stream)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(error) from error


def without_end(line: bytes) -> bytes:
    """A line without its LF, CR LF or CR."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def encoding_hint(raw: bytes, setting: str) -> str:
    """What may be wrong with bytes that are not UTF-8: no advice that would only change them."""
    beyond = [byte for byte in raw if byte >= 0x80]
    text = raw.decode("utf-8", "ignore")
    if not text.isascii():
        return "the other letters are UTF-8, so the text is damaged there: correct it"
    if len(beyond) > WESTERN * len(raw):
        return f"name the encoding of the file with {setting}, such as cp1251 or gb18030"
    name = "cp1252" if any(byte < 0xA0 for byte in beyond) else "latin-1"
    return f"if the file is from Western Europe, set {setting} to {name}, else to its encoding"


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    while line := stream.readline(MAX_BYTES):
        if len(line) < MAX_BYTES or line.endswith(b"\n"):
            yield line
        else:
            _skip_line(stream)
            yield None


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(MAX_BYTES)) and not rest.endswith(b"\n"):
        pass


def _split(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines that CR ends too; a CR at the end of what was read may belong to an LF."""
    rest, too_long = b"", False
    while read := stream.readline(MAX_BYTES):
        whole = read.endswith(b"\n")
        if whole and not (rest or too_long or b"\r" in read[:-2]):
            yield read
            continue
        pieces = (rest + read).splitlines(keepends=True)
        rest = b"" if whole else pieces.pop()
        for piece in pieces:
            yield None if too_long or len(piece) > MAX_BYTES else piece
            too_long = False
        if len(rest) >= MAX_BYTES:
            rest, too_long = b"\r" if rest.endswith(b"\r") else b"", True
    if rest or too_long:
        yield None if too_long else rest


def _codec(encoding: str | None, setting: str) -> str | None:
    if encoding is None:
        return None
    try:
        info = codecs.lookup(encoding)
        if not getattr(info, "_is_text_encoding", True):
            raise LookupError
    except (LookupError, ValueError) as error:
        raise DataError(
            f"{setting}: there is no encoding {encoding!r}",
            hint="such as utf-8, utf-16, latin-1, cp1252, gb18030 or shift_jis",
        ) from error
    # Python's utf-16 and utf-32 take a text without a mark for one of this processor
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(
        info.name, info.name
    )


def _check_no_utf16(head: bytes, setting: str) -> None:
    """Refuse UTF-16 without a mark, every other byte of which is 0 in most languages."""
    even, odd = head[:1000:2].count(0), head[1:1000:2].count(0)
    if len(head) >= 4 and max(even, odd) > len(head[:1000]) // 4:
        name = "utf-16-be" if even > odd else "utf-16-le"
        raise DataError(
            "the input is not UTF-8: it looks like UTF-16 without a byte order mark",
            hint=f"set {setting} to {name}",
        )


def _check_not_utf8(head: bytes, encoding: str, setting: str) -> None:
    """Refuse to read UTF-8 as an encoding of single bytes, which would make two letters of one."""
    beyond = bytes(range(0x80, 0x100))
    if head.isascii() or len(beyond.decode(encoding, "replace")) < len(beyond):
        return
    try:
        if codecs.getincrementaldecoder("utf-8")().decode(head).isascii():
            return
    except UnicodeDecodeError:
        return
    raise DataError(
        f"the input is UTF-8, and {setting} says {encoding}",
        hint=f"leave {setting} out, or set it to utf-8",
    )


def _peekable(stream: BinaryIO) -> BinaryIO:
    if hasattr(stream, "peek"):
        return stream
    raw: Any = stream
    return io.BufferedReader(raw, AHEAD)


def _unreadable(error: Exception) -> DataError:
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return DataError("the input is a gzip file that is cut off or damaged", hint="get it again")
    code, reason = getattr(error, "errno", None), getattr(error, "strerror", None)
    # the program opens the null device for writing in place of a closed standard input
    reason = "it is closed" if code == errno.EBADF else reason or str(error)
    return DataError(f"the input cannot be read: {reason}")


class _Unpacked(gzip.GzipFile):
    """What a gzip stream holds, as a raw stream that a buffer can read from."""

    def readable(self) -> bool:
        """It is always read."""
        return True


class _Recoded(io.RawIOBase):
    """A stream of text in another encoding, as UTF-8; what is no text becomes the byte 0xff."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(UNDECODED)
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """It is always read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        while not self._ready and not self._ended:
            raw = self._stream.read1(1 << 16)  # type: ignore[attr-defined]
            self._ended = not raw
            text = self._decoder.decode(raw, final=not raw)
            self._ready = text.encode("utf-8", "surrogateescape")
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n
