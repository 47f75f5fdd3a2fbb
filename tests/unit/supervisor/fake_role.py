"""A role that does no work: a real process for the supervisor, obedient or not, as its first argument says."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from server.ready import announce_ready


class Readyz(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def main(kind: str, notes: Path) -> None:
    """Run as `kind`; leave the process id in `notes`, a line for each start."""
    with notes.open("a") as file:
        file.write(f"{os.getpid()}\n")
    match kind:
        case "fails":
            print("the roof is missing", file=sys.stderr)
            sys.exit(3)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "with-child":
            child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            with notes.with_suffix(".child").open("a") as file:
                file.write(f"{child.pid}\n")
        case "speaks":
            os.write(1, b"warning: \x1b[31mred\x07\r\nhalf ")
            os.write(1, "里".encode()[:1])
            os.write(1, "里".encode()[1:] + b"\n" + b"x" * 20_000)
        case "web":
            server = HTTPServer(("127.0.0.1", int(os.environ["SIXFIXED_HTTP"].rpartition(":")[2])), Readyz)
            announce_ready()
            server.serve_forever()
    announce_ready()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
