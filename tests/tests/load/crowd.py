"""Starts many sudo at once: crowd.py PROGRAM USER COUNT

Each runs PROGRAM with a name of its own and the status that it is to end with.
Prints a line when all are started, and then, for each name, the status that its
sudo ended with and what it said.
"""

import json
import subprocess
import sys

program, user, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
running = {}
for number in range(count):
    name = f"{program}-{user}-{number}"
    said = open(f"/tmp/{name}", "w+")
    running[name] = said, subprocess.Popen(
        ["sudo", "-n", f"/srv/load/{program}", name, str(2 + number % 100)],
        stdin=subprocess.DEVNULL, stdout=said, stderr=said,
    )
print("all are started", flush=True)
ended = {}
for name, (said, sudo) in running.items():
    status = sudo.wait()
    said.seek(0)
    ended[name] = {"status": status, "said": said.read()}
print(json.dumps(ended))
