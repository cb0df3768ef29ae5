"""The command line: arguments in, exit code out.  What each command does is elsewhere."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from . import __version__, asked, catalogue, console, offline, online, options, usage
from . import contract as contracts
from .completion import SHELLS
from .model import UsageError
from .options import Option

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 2 for a usage error, else what the command says."""
    try:
        given = _parser().parse_args(arguments)
        return int(given.command(vars(given)))
    except UsageError as error:
        console.complain(str(error))
        return EXIT_USAGE
    except KeyboardInterrupt:
        console.complain("interrupted")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception:  # noqa: BLE001  # our own fault must not exit as 1, which says that the endpoint is at fault
        traceback.print_exc()
        console.complain("this is a fault of the suite, not of the endpoint; please report it")
        return EXIT_USAGE


class _Parser(argparse.ArgumentParser):
    """One whose errors are usage errors like all others: one line."""

    def error(self, message: str) -> NoReturn:
        """What is wrong, and where to read on."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: give 0 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chat-conformance",
        description="Conformance tests for OpenAI-compatible chat-completions endpoints.",
        epilog=usage.epilog(""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"chat-conformance {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Any, help_: str, *given: Option) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=help_,
            description=help_,
            epilog=usage.epilog(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        made.set_defaults(command=does)
        usage.add(made, given)
        return made

    command(
        "run",
        online.run_command,
        "Test an endpoint; without a URL, the built-in reference endpoint.",
        *options.OPTIONS,
        options.STRICT,
    )
    again = command(
        "rerun",
        online.rerun_command,
        "Ask again what a run asked; with --failed, only what failed.  The run's options hold where none is given.",
        *options.OPTIONS,
        options.STRICT,
    )
    again.add_argument("run", metavar="RUN", help="the folder of the run")
    again.add_argument("--failed", action="store_true", help="only the requirements that failed")
    planned = command(
        "plan", plan_command, "Show what run would send, and its cost; sends nothing.", *options.OPTIONS, options.STRICT
    )
    planned.add_argument("--json", action="store_true", help="as JSON")
    offline.add(command)
    served = command("serve", serve_command, "Serve the reference endpoint.", options.CONTRACT)
    served.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on; default 127.0.0.1")
    served.add_argument("--port", type=_port, default=8080, metavar="N", help="0 for any free one; default 8080")
    served.add_argument("--api-key", metavar="K", help="the only key that is served (user:password for Basic)")
    served.add_argument("--model", default=options.REFERENCE_MODEL, metavar="NAME", help="the name of its model")
    served.add_argument("--fault", metavar="NAME", help="spoil it by one fault of `list faults`")
    served.add_argument("--latency", type=float, default=0.0, metavar="MS", help="milliseconds before the first byte")
    checked = command("selfcheck", selfcheck_command, "Prove that every requirement fails when it should.")
    checked.add_argument("--contract", metavar="NAME|DIR", action="append", help="only this one (repeat); default: all")
    checked.add_argument(
        "--select",
        metavar="PATTERN",
        action="append",
        default=[],
        help="only requirements that match: an id, a part, a pattern (repeat)",
    )
    checked.add_argument("--json", action="store_true", help="the kill matrix as JSON")
    checked.add_argument(
        "--pack", action="store_true", help="keep the figures in the package, where reports of this version show them"
    )
    listed = command("list", list_command, "List contracts, requirements, faults or features.")
    listed.add_argument("what", choices=sorted(catalogue.LISTS), help="what to list")
    listed.add_argument("--contract", metavar="NAME|DIR", help="only what this contract has")
    listed.add_argument("--json", action="store_true", help="as JSON")
    explained = command("explain", explain_command, "Say all there is to know of one requirement.")
    explained.add_argument(
        "requirement", metavar="REQUIREMENT", help="an id, as `list requirements` and reports have it"
    )
    completed = command("completion", completion_command, "Print a script by which a shell completes this command.")
    completed.add_argument("shell", choices=SHELLS, help="the shell that will read it")
    return parser


def plan_command(values: dict[str, Any]) -> int:
    """`plan`."""
    for said in asked.check_all(values):
        order = said.order(key="user:a-key-that-is-never-sent") if said.wants_reference else said.order()
        planned = order.plan()
        if values["json"]:
            console.say(json.dumps({**planned.to_json(), "digest": planned.digest}, indent=1))
        else:
            for line in catalogue.describe(planned, order.context, order.prices):
                console.say(line)
    return 0


def serve_command(values: dict[str, Any]) -> int:
    """`serve`."""
    from .reference.app import serve_forever
    from .reference.endpoint import Endpoint

    endpoint = Endpoint(
        contracts.load(values["contract"] or str(options.CONTRACT.default)),
        key=values["api_key"],
        model=values["model"],
        mutant=catalogue.fault(values["fault"]) if values["fault"] else None,
    )
    host, port = values["host"], values["port"]
    try:
        serve_forever(endpoint, host, port, latency=values["latency"] / 1000)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"cannot listen on {host}:{port}: {why}; give another --port (0 for any free one)") from None
    return 0


def selfcheck_command(values: dict[str, Any]) -> int:
    """`selfcheck`: 0 if every requirement passes clean and is killed by each of its mutants."""
    from . import selfcheck
    from .report import proof

    if values["pack"] and (values["contract"] or values["select"]):
        raise UsageError("--pack keeps the figures of all requirements: leave --contract and --select out")
    return selfcheck.command(
        values["contract"] or contracts.names(),
        as_json=values["json"],
        say=console.say,
        pack=proof.pack if values["pack"] else None,
        selection=values["select"],
    )


def list_command(values: dict[str, Any]) -> int:
    """`list`."""
    found = catalogue.LISTS[values["what"]](values["contract"])
    if values["json"]:
        console.say(json.dumps(found, indent=1))
    else:
        for each in found:
            console.say(catalogue.line(each))
    return 0


def explain_command(values: dict[str, Any]) -> int:
    """`explain`."""
    from . import explain

    for line in explain.lines(explain.explain(values["requirement"])):
        console.say(line)
    return 0


def completion_command(values: dict[str, Any]) -> int:
    """`completion`."""
    from . import completion

    console.say(completion.script(_parser(), values["shell"]))
    return 0
