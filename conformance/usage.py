"""What the --help of a command says beyond the names of its options: groups of them, examples, exit codes."""

from __future__ import annotations

import argparse

from .options import Option

EXITS = """exit codes:
  0  conformant
  1  nonconformant: a MUST is violated, and was seen twice (--strict: a warning too)
  2  a usage error, or the suite's own: one line says what to do
  3  undecided: a required MUST could not be judged, or nothing was decided"""

EXAMPLES = {
    "": """examples:
  chat-conformance run                           test the built-in reference endpoint
  chat-conformance run --base-url https://staging.example.com --model my-model --api-key-env STAGING_KEY
  chat-conformance explain stop.ends-output      what a requirement is, and whence""",
    "run": """examples:
  chat-conformance run --out reports/first
  chat-conformance run --base-url https://staging.example.com --model my-model --api-key-env STAGING_KEY
  chat-conformance run --contract v3-openai --url http://127.0.0.1:8000/v1/chat/completions --model m --without n
  chat-conformance run --target target.toml --since reports/main --fail-on new
  chat-conformance run --select stop --select 'usage.*' --depth full""",
    "rerun": """examples:
  chat-conformance rerun reports/first --failed
  chat-conformance rerun reports/nightly --failed --api-key-env STAGING_KEY --out reports/again""",
    "plan": """examples:
  chat-conformance plan --contract basic-gateway --depth smoke
  chat-conformance plan --select ranges --json""",
    "judge": """examples:
  chat-conformance judge reports/first
  chat-conformance judge recording.har --contract highwayapi --out reports/recording""",
    "baseline": """examples:
  chat-conformance baseline reports/first --update known.toml --reason "fixed in release 5" --expires 2027-01-31""",
    "compare": """examples:
  chat-conformance compare reports/eu reports/us --out compare.html
  chat-conformance compare reports/nightly-1 reports/nightly-2 reports/nightly-3 --out compare.md""",
    "certify": """examples:
  chat-conformance certify reports/release --product product.toml --out bundle.zip --api-key-env STAGING_KEY""",
    "verify": """examples:
  chat-conformance verify bundle.zip
  chat-conformance verify bundle.zip --key vendor.pub.pem --at 2026-12-31""",
    "serve": """examples:
  chat-conformance serve --port 8080 --api-key a-key-for-trying
  chat-conformance serve --fault stop-cut-out --port 0""",
    "selfcheck": """examples:
  chat-conformance selfcheck --contract highwayapi
  chat-conformance selfcheck --select stop.ends-output""",
    "list": """examples:
  chat-conformance list requirements --contract myrouter
  chat-conformance list faults --json""",
    "explain": """examples:
  chat-conformance explain choices.count""",
    "completion": """examples:
  chat-conformance completion bash > ~/.local/share/bash-completion/completions/chat-conformance
  chat-conformance completion zsh > "${fpath[1]}/_chat-conformance"
  chat-conformance completion fish > ~/.config/fish/completions/chat-conformance.fish""",
}
"""By command; "" is that of the command without any."""

NETWORK = """the road there:
  proxies are those of the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and NO_PROXY for hosts that need none;
  keys come from a variable or a file, never from an argument; nothing is sent but to the endpoint"""

ASKING = ("run", "rerun")
"""Commands that send something."""

JUDGING = ("", "run", "rerun", "judge")
"""Commands that exit by an outcome."""

GROUPS = {
    "endpoint": (
        *("--target", "--contract", "--base-url", "--url", "--model", "--api-key-env", "--api-key-file"),
        *("--header-env", "--ca-file", "--client-cert"),
    ),
    "what is asked": ("--depth", "--seed", "--with", "--without", "--select", "--replay"),
    "what is made of it": ("--baseline", "--since", "--fail-on"),
    "pace and limits": (
        *("--concurrency", "--rate", "--timeout", "--retries", "--max-requests", "--max-tokens", "--context"),
        *("--deadline", "--restart"),
    ),
}
"""Options under the heading that --help shows them by; others are under argparse's own."""


def epilog(command: str) -> str:
    """What stands under the options."""
    parts = (
        EXAMPLES.get(command, ""),
        NETWORK if command in ASKING else "",
        EXITS if command in JUDGING else "",
    )
    return "\n\n".join(part for part in parts if part)


def add(parser: argparse.ArgumentParser, options: tuple[Option, ...]) -> None:
    """Add the options, by groups where there are several of one, each with its default."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in options:
        title = next((title for title, flags in GROUPS.items() if option.flag in flags), None)
        if title is None or len(options) == 1:
            parser.add_argument(option.flag, help=_help(option), **option.keywords)
            continue
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(option.flag, help=_help(option), **option.keywords)


def _help(option: Option) -> str:
    default = option.default
    if default is None or default == []:
        return option.help
    return f"{option.help}; default {default:g}" if isinstance(default, float) else f"{option.help}; default {default}"
