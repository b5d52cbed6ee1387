"""As a hundred sudo of alice's, stopped while they send their long command lines.

Prints a line when nothing more is taken from any, and lets go when standard input
ends.
"""

import os
import pwd
import select
import socket
import sys

SUDOS = 100
BYTES = 3_500_000
# From the last byte that was taken to when no more is expected.
QUIET_MS = 1000

# Whom sudo speaks for is its real user.
os.setresuid(pwd.getpwnam("alice").pw_uid, 0, 0)
rest = {}
taken = select.poll()
for _ in range(SUDOS):
    agent = socket.socket(socket.AF_UNIX)
    agent.connect("/run/writ/io.writ.Agent")
    agent.setblocking(False)
    rest[agent.fileno()] = agent, BYTES
    taken.register(agent, select.POLLOUT)
while ready := taken.poll(QUIET_MS):
    for descriptor, _ in ready:
        agent, bytes_left = rest[descriptor]
        bytes_left -= agent.send(b"x" * min(bytes_left, 65536))
        rest[descriptor] = agent, bytes_left
        if bytes_left == 0:
            taken.unregister(agent)
print(sum(bytes_left == 0 for _, bytes_left in rest.values()), flush=True)
sys.stdin.read()
