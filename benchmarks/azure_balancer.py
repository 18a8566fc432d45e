"""Measure on a real balancer what docs/azure-assumptions.md believes of it: `python benchmarks/azure_balancer.py HOST`.

Connections are opened and kept, each asks `/livez` ten times a second, and each second is printed: answers, connections
that were closed with an answer (a drain), resets, and connections that could not be opened. Start it, then un-admit a
colour or point the rule elsewhere, and read what happened to whom. It sends no predictions and needs no API key.
"""

import argparse
import functools
import http.client
import json
import ssl
import threading
import time
from collections import Counter


def keep_asking(target, seconds, counted, stop):
    """One client: it asks on a kept connection for as long as it is kept, then on a new one."""
    connection = None
    while not stop.is_set():
        try:
            if connection is None:
                connection = target()
                connection.connect()
                counted(seconds(), "opened")
        except OSError:
            counted(seconds(), "not opened")
            connection = None
            stop.wait(0.1)
            continue
        connection = asked(connection, seconds, counted)
        stop.wait(0.1)


def asked(connection, seconds, counted):
    """The connection, or None when it is no more."""
    try:
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as problem:
        counted(seconds(), f"lost: {type(problem).__name__}")
        connection.close()
        return None
    counted(seconds(), str(answer.status))
    if answer.will_close:
        counted(seconds(), "closed by an answer")
        connection.close()
        return None
    return connection


def connections_to(asked_for):
    if asked_for.plain:
        return functools.partial(http.client.HTTPConnection, asked_for.host, asked_for.port, timeout=5)
    context = ssl.create_default_context(cafile=asked_for.ca)
    return functools.partial(
        http.client.HTTPSConnection, asked_for.host, asked_for.port, timeout=5, context=context
    )


def main():
    asked_for = options()
    target = connections_to(asked_for)
    found, turn, began, stop = {}, threading.Lock(), time.monotonic(), threading.Event()

    def counted(second, what):
        with turn:
            found.setdefault(second, Counter())[what] += 1

    def seconds():
        return int(time.monotonic() - began)

    clients = [
        threading.Thread(target=keep_asking, args=(target, seconds, counted, stop))
        for _ in range(asked_for.connections)
    ]
    for client in clients:
        client.start()
    for second in range(asked_for.seconds):
        time.sleep(max(0.0, began + second + 1 - time.monotonic()))
        with turn:
            print(second, dict(sorted(found.get(second, Counter()).items())), flush=True)
    stop.set()
    for client in clients:
        client.join(10)
    total = sum(found.values(), Counter())
    print(json.dumps({"connections": asked_for.connections, "seconds": asked_for.seconds, **total}, indent=2))


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("--port", type=int, default=443)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--ca", help="The certificate's authority, where it is your own.")
    parser.add_argument("--plain", action="store_true", help="HTTP without TLS.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
