"""Opens requests in advance until one is refused, and says why it was.

Takes them all back when its standard input ends, and says how many these were.
"""

import json
import socket
import sys


def connect():
    agent = socket.socket(socket.AF_UNIX)
    agent.connect("/run/writ/io.writ.Agent")
    return agent


def call(agent, method, parameters):
    frame = {"method": "io.writ.Agent." + method, "parameters": parameters, "more": method == "Request"}
    agent.sendall(json.dumps(frame).encode() + b"\0")
    reply = b""
    while not reply.endswith(b"\0"):
        part = agent.recv(65536)
        if not part:
            raise SystemExit("the agent has closed the connection")
        reply += part
    return json.loads(reply[:-1])


opened = []
while True:
    with connect() as agent:
        reply = call(agent, "Request", {"command": {
            "path": "/srv/load/asked", "argv": ["asked", f"flood-{len(opened)}", "0"], "cwd": "/",
            "run_as": {"user": "root", "uid": 0}, "edit": False,
        }})
    answer = reply["parameters"].get("answer", {})
    if answer.get("state") != "waiting":
        break
    opened.append(answer["id"])
print(json.dumps({"opened": len(opened), "refusal": reply}), flush=True)
sys.stdin.read()
with connect() as agent:
    refused = [reply for reply in (call(agent, "Cancel", {"id": id}) for id in opened) if "error" in reply]
print(json.dumps({"not_taken_back": refused}), flush=True)
