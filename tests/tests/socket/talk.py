"""Says things to the agent, each on a connection of its own.

Reads a list of them from standard input: each is a list of texts (a character is
a byte) and of how often they are said. After each, a good call follows. Prints,
for each, the replies before that to the good call, and whether this one was
answered or the connection closed instead.
"""

import json
import socket
import sys

# Nothing here has to wait for a person.
PATIENCE_SECONDS = 30
GOOD = b'{"method": "io.writ.Agent.Status"}\0'


def say(what):
    agent = socket.socket(socket.AF_UNIX)
    agent.settimeout(PATIENCE_SECONDS)
    agent.connect("/run/writ/io.writ.Agent")
    with agent:
        try:
            for text, times in what:
                agent.sendall(text.encode("latin-1") * times)
            agent.sendall(GOOD)
        except (BrokenPipeError, ConnectionResetError):
            pass
        heard = b""
        while True:
            *replies, _ = heard.split(b"\0")
            replies = [json.loads(reply) for reply in replies]
            if replies and "connections_refused" in replies[-1]["parameters"]:
                return {"replies": replies[:-1], "closed": False}
            try:
                part = agent.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return {"replies": replies, "closed": True}
            heard += part


print(json.dumps([say(what) for what in json.load(sys.stdin)]))
