"""A server on this machine that offers one file, well or badly."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme


class FileServer:
    """Predictions with `body`; remembers the paths and ranges that were asked for.

    `cut` bytes at the end are promised and not sent, `status` and `kind` are what the answer says,
    `location` redirects, `ranges` says whether a part of the file can be asked for.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self.body, self.cut, self.status, self.kind = b"", 0, 200, "application/octet-stream"
        self.location: str | None = None
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                owner.requests.append((self.path, asked))
                start = int(asked[len("bytes=") : -1]) if asked and owner.ranges else 0
                if start > len(owner.body):
                    self.send_error(416)
                    return
                body = owner.body[start:]
                status = 302 if owner.location else owner.status
                self.send_response(206 if start and status == 200 else status)
                if owner.location:
                    self.send_header("Location", owner.location)
                self.send_header("Content-Type", owner.kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) - owner.cut])

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            # signed by an authority that nobody knows
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}/file"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Refuse connections from here on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
