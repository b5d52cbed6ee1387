"""Calls a method of the agent, with more, as whoever runs it.

as_courier.py METHOD PARAMETERS [REPLIES]: prints as many replies, one a line, or those
before the connection ends.
"""

import json
import socket
import sys

agent = socket.socket(socket.AF_UNIX)
agent.settimeout(20)
agent.connect("/run/writ/io.writ.Agent")
call = {"method": sys.argv[1], "parameters": json.loads(sys.argv[2]), "more": len(sys.argv) > 3}
agent.sendall(json.dumps(call).encode() + b"\0")
wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 1
heard = b""
while heard.count(b"\0") < wanted:
    part = agent.recv(65536)
    if not part:
        break
    heard += part
for reply in heard.split(b"\0")[:wanted]:
    print(reply.decode())
