"""Ask the web whether everything is ready (GET /readyz)."""

import json
import urllib.error
import urllib.request

from server.config import Address


def why_not_ready(http: Address) -> str | None:
    """Give None when /readyz answers 200, else its reasons in few words; blocks for at most 2 s."""
    # The machine's proxy settings have no say about its own ports.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{http.local}/readyz", timeout=2):
            return None
    except urllib.error.HTTPError as answer:
        with answer:
            return _reasons(answer.read(4096)) or f"/readyz answers {answer.code}"
    except OSError as why:
        return f"nothing answers at http://{http.local}/readyz ({getattr(why, 'reason', why)})"


def _reasons(body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return json.dumps(content, ensure_ascii=False)[:300]
