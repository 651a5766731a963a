"""A small HTTP server that does wrong what servers do wrong; the first part of an address says what."""

import contextlib
import gzip
import http.server
import threading
import time


class Server:
    """Serves `content` by name; `asked` is every request as (kind, Range)."""

    def __init__(self):
        self.content: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.tag = '"1"'
        self.stall = 1.0  # seconds of silence
        self.address = ""

    def kinds(self):
        return [kind for kind, _ in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = self.server_state
        _, kind, name = self.path.split("/", 2)
        wanted = self.headers.get("Range", "")
        state.asked.append((kind, wanted.removeprefix("bytes=")))
        content = state.content[name]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if self.headers.get("If-Range", state.tag) != state.tag or kind in ("norange", "norangebreaks"):
            start = 0
        with contextlib.suppress(ConnectionError):
            self.answer(kind, content, start, state)
        self.close_connection = True

    def answer(self, kind, content, start, state):
        if kind.isdigit():
            self.send_error(int(kind))
        elif kind == "redirect":
            self.head(302, Location=f"/good/{self.path.split('/', 2)[2]}", Content_Length=0)
        elif kind == "loop":
            self.head(302, Location=self.path, Content_Length=0)
        elif kind == "page":
            body = b"<html>please log in</html>"
            self.head(200, Content_Type="text/html; charset=utf-8", Content_Length=len(body))
            self.wfile.write(body)
        elif kind == "pagewithoutlength":
            self.head(200, Content_Type="text/html")
            self.wfile.write(b"<html>please log in</html>")
        elif kind == "forged":
            self.whole(bytes(len(content)), start)
        elif kind == "nolength":
            self.head(200, ETag=state.tag)
            self.wfile.write(content)
        elif kind == "nolengthbreaks":
            self.head(200)
            self.wfile.write(content[: len(content) // 2])
        elif kind in ("chunked", "chunkedshort"):
            self.head(200, Transfer_Encoding="chunked")
            for block in (content[:1000], content[1000:] if kind == "chunked" else b"end"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            self.wfile.write(b"0\r\n\r\n")
        elif kind == "toolong":
            self.head(200)
            self.wfile.write(content + b"more")
        elif kind == "callsitencoded":  # a .gz, stored as it is, and said to be an encoding
            self.head(200, Content_Encoding="gzip", Content_Length=len(content))
            self.wfile.write(content)
        elif kind == "encodes":  # compressed on the way, though nobody asked
            body = gzip.compress(content)
            self.head(200, Content_Encoding="gzip", Content_Length=len(body))
            self.wfile.write(body)
        elif kind == "from0" and start:  # says "partial", gives the beginning
            self.head(206, Content_Range=f"bytes 0-{len(content) - 1}/{len(content)}", Content_Length=len(content))
            self.wfile.write(content)
        elif kind == "nomore" and start:
            self.head(416, Content_Length=0)
        elif kind == "stalls":
            self.part(content, start)
            self.wfile.write(content[start : (start + len(content)) // 2])
            self.wfile.flush()
            time.sleep(state.stall)
        elif kind in ("breaks", "norangebreaks"):
            self.part(content, start)
            self.wfile.write(content[start : (start + len(content)) // 2])
        elif kind == "slow":
            self.part(content, start)
            for i in range(start, len(content), len(content) // 5):
                time.sleep(0.02)
                self.wfile.write(content[i : i + len(content) // 5])
        else:
            self.whole(content, start)

    def part(self, content, start):
        ranges = {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self.head(206 if start else 200, ETag=self.server_state.tag, Content_Length=len(content) - start, **ranges)

    def whole(self, content, start):
        self.part(content, start)
        self.wfile.write(content[start:])

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def running():
    state = Server()
    handler = type("Bound", (Handler,), {"server_state": state})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
