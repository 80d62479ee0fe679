"""Pages of a PDF as pictures, without a library of pictures."""

import struct
import zlib

import pypdfium2


def png_of_page(body: bytes, page: int = 0, dpi: int = 70) -> bytes:
    """A page of a PDF as PNG."""
    with pypdfium2.PdfDocument(body) as document:
        drawn = document[page].render(scale=dpi / 72, rev_byteorder=True).to_numpy()
    height, width, channels = drawn.shape
    rows = b"".join(b"\x00" + drawn[y, :, :3].tobytes() for y in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    assert channels >= 3
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
