"""The same raw requests to both servers, in the same order: do codes and answer fields agree?

Remarks are shown but not compared: FerroMQ's say more. A difference that is meant carries its reason in
`twin_requests.py`; it must still be there, or the reason is stale.
"""

import argparse
import shutil
import tempfile

from . import probe, processes, twin_requests
from .apache import Apache
from .events import event, plain
from .ferromq import FerroMQ
from .tools import BuildFailed, MissingTool


def main(words):
    """0 if every answer agrees or differs as noted, 1 if not, 2 if the run could not be set up."""
    parser = argparse.ArgumentParser(prog="interop/twins", description="Compare answers of Apache's servers and ours.")
    parser.add_argument("-v", "--verbose", action="store_true", help="show both answers of every request")
    options = parser.parse_args(words)
    folders = [tempfile.mkdtemp(prefix="twins-") for _ in range(2)]
    try:
        servers = [Apache(folders[0]), FerroMQ(folders[1], "standalone")]
        for server in servers:
            # Some requests carry the name of the broker.
            server.settings["brokerName"] = "broker-a"
            server.start()
        return _compare_all(servers, options.verbose)
    except (MissingTool, BuildFailed, RuntimeError) as error:
        event(str(error))
        return 2
    finally:
        processes.kill_all()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _compare_all(servers, verbose):
    passed, failed = 0, 0
    for request in twin_requests.ALL:
        answers = [_ask(server, request) for server in servers]
        same = _essence(answers[0]) == _essence(answers[1])
        good = same != bool(request.differs)
        passed, failed = passed + good, failed + (not good)
        if good and not verbose:
            continue
        reason = " (%s)" % request.differs if request.differs else ""
        event("%s %s%s" % ("PASS" if good else "FAIL", request.name, reason))
        for name, answer in zip(("apache", "ferromq"), answers):
            plain("           %-7s %s" % (name, str(answer)[:300]))
    plain("%d passed, %d failed" % (passed, failed))
    return 0 if failed == 0 else 1


def _ask(server, request):
    port = server.namesrv_port if request.to == "namesrv" else server.broker_port
    try:
        header = probe.call(("127.0.0.1", port), request.code, request.fields, request.body, timeout_seconds=10)
    except OSError as error:
        return {"code": "no answer: %s" % error}
    return {key: header[key] for key in ("code", "remark", "extFields") if header.get(key)} | {"code": header["code"]}


def _essence(answer):
    return answer["code"], sorted(answer.get("extFields", {}))
