"""An exchange -> a few lines of Python that send the same request again, the secrets left to variables.

Rule: the lines run as they are where httpx is installed (every user of the openai client has it), send the same bytes,
and print what comes back as it comes: of a stream each piece with its time.
"""

from __future__ import annotations

from ..contract import Contract
from ..evidence import EVIDENCE
from ..exchange import Exchange
from ..redact import MARKER
from .curl import KEY, LONGEST, WRONG_KEY, credential, printable, variable

TIMEOUT = 120
"""Seconds without a byte."""

WHOLE = """\
reply = httpx.request({call})
print(reply.status_code, *reply.headers.multi_items(), "", reply.text, sep="\\n")
"""

STREAM = """\
start = time.monotonic()
with httpx.stream({call}) as reply:
    print(reply.status_code, *reply.headers.multi_items(), "", sep="\\n")
    for piece in reply.iter_raw():
        print(f"{{time.monotonic() - start:.3f}} s", piece)
"""

RECORDED = """\
with open({path!r}, encoding="utf-8") as lines:
    exchange = next(each for each in map(json.loads, lines) if each.get("n") == {number})
body = base64.b64decode(exchange["request"]["body"])
"""


def python(exchange: Exchange, contract: Contract) -> str:
    """Python that sends the same request; where its body is long, run it in the folder of the run."""
    request = exchange.request
    headers = [f"    ({_quoted(name)}, {_header(name, value, contract)}),\n" for name, value in request.headers]
    if not any(name.lower() == "accept-encoding" for name, _ in request.headers):
        headers.append('    ("accept-encoding", "identity"),\n')
    call = f"{request.method!r}, {_with_secrets(request.url, KEY)}, headers=headers"
    if request.body or request.method == "POST":
        call += ", content=body"
    lines = f"headers = [\n{''.join(headers)}]\n{_body(exchange)}"
    lines += (STREAM if exchange.asked_stream else WHOLE).format(call=f"{call}, timeout={TIMEOUT}")
    needed = [name for name in ("base64", "json", "os", "time") if f"{name}." in lines]
    return "".join(f"import {name}\n" for name in needed) + f"import httpx\n\n{lines.rstrip()}"


def _body(exchange: Exchange) -> str:
    """The line that makes the body; none for a request that has none by its method."""
    body = exchange.request.body
    if not body and exchange.request.method != "POST":
        return ""
    if len(body) > LONGEST:
        return RECORDED.format(path=EVIDENCE, number=exchange.n)
    text = printable(body)
    return f"body = {_with_secrets(text, KEY) if text is not None else repr(body)}\n"


def _header(name: str, value: str, contract: Contract) -> str:
    """An expression for a header, with variables in the place of secrets and a wrong key where one was tried."""
    said = credential(name, value)
    if said is None:
        return _with_secrets(value, variable(name))
    scheme, _, secret = said.partition(" ")
    if contract.scheme != "basic":
        return _quoted(said) if secret == WRONG_KEY else f"{_quoted(f'{scheme} ')} + {_variable(KEY)}"
    pair = f'{_variable(KEY)}.partition(":")[0] + {_quoted(f":{WRONG_KEY}")}' if secret == WRONG_KEY else _variable(KEY)
    return f"{_quoted(f'{scheme} ')} + base64.b64encode(({pair}).encode()).decode()"


def _with_secrets(words: str, name: str) -> str:
    """An expression for the words, with a variable in the place of each secret."""
    parts: list[str] = []
    for number, plain in enumerate(MARKER.split(words)):
        parts += [_variable(name)] * (number > 0) + [_quoted(plain)] * bool(plain)
    return " + ".join(parts) or '""'


def _variable(name: str) -> str:
    return f'os.environ["{name}"]'


def _quoted(words: str) -> str:
    """A string literal, in double quotes where that needs no escape."""
    return f'"{words}"' if words.isprintable() and not set('"\\') & set(words) else repr(words)
