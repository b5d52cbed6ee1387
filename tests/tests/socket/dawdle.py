"""Is slow with the agent in every way at once, and prints for each way how many
seconds it took until the connection was closed, and how many replies came."""

import json
import os
import select
import signal
import socket
import threading
import time

# More than the agent waits for anything here.
PATIENCE_SECONDS = 150
STATUS = b'{"method": "io.writ.Agent.Status"}\0'


def request(path, argument, **more):
    call = {"method": "io.writ.Agent.Request", "parameters": {"command": {
        "path": path, "argv": [os.path.basename(path), argument], "cwd": "/",
        "run_as": {"user": "root", "uid": 0}, "edit": False,
    }}, **more}
    return json.dumps(call).encode() + b"\0"


def closed(agent, every=None, byte=b" "):
    """Waits for the end; says a byte as often as is wished meanwhile."""
    heard = b""
    while True:
        readable = select.select([agent], [], [], every)[0]
        try:
            if readable:
                part = agent.recv(65536)
                if not part:
                    return heard.count(b"\0")
                heard += part
            else:
                agent.send(byte)
        except (BrokenPipeError, ConnectionResetError):
            return heard.count(b"\0")


def says_nothing(agent):
    return closed(agent)


def says_nothing_more(agent):
    agent.sendall(STATUS)
    return closed(agent)


def has_its_answer(agent):
    agent.sendall(request("/usr/bin/id", "-u"))
    return closed(agent)


def stops_within_a_frame(agent):
    agent.sendall(STATUS[:10])
    return closed(agent)


def goes_on_byte_by_byte(agent):
    return closed(agent, every=0.2)


def goes_on_byte_by_byte_after_a_call(agent):
    agent.sendall(STATUS)
    return closed(agent, every=0.2)


def goes_on_byte_by_byte_while_it_waits(agent):
    agent.sendall(request("/usr/bin/touch", "/srv/dawdled", more=True))
    return closed(agent, every=0.2)


def never_reads(agent):
    agent.setblocking(False)
    # A hang-up is told without being asked for; what may be read is not.
    hung_up = select.poll()
    hung_up.register(agent, 0)
    while not hung_up.poll(20):
        try:
            agent.send(STATUS)
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            break
    return 0


def closes_its_half(agent):
    agent.sendall(STATUS)
    agent.shutdown(socket.SHUT_WR)
    return closed(agent)


def closes_its_half_while_it_waits(agent):
    agent.sendall(request("/usr/bin/touch", "/srv/half", more=True))
    agent.recv(65536)
    agent.shutdown(socket.SHUT_WR)
    return closed(agent)


def calls_again_while_it_waits(agent):
    agent.sendall(request("/usr/bin/touch", "/srv/called-again", more=True))
    agent.recv(65536)
    agent.sendall(STATUS)
    return closed(agent)


def is_killed_within_a_frame(agent):
    child = os.fork()
    if child == 0:
        agent.sendall(STATUS[:10])
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    agent.shutdown(socket.SHUT_RDWR)
    return closed(agent)


def waits_in_silence(agent):
    """Whom answers are owed to is not idle: he hears his when the others are gone."""
    agent.sendall(request("/usr/bin/touch", "/srv/in-silence", more=True))
    waiting = json.loads(agent.recv(65536)[:-1])
    for other in others:
        other.join()
    cancel = {"method": "io.writ.Agent.Cancel", "parameters": {"id": waiting["parameters"]["answer"]["id"]}}
    with connect() as another:
        another.sendall(json.dumps(cancel).encode() + b"\0")
        another.recv(65536)
    return agent.recv(65536).count(b"\0")


def connect():
    agent = socket.socket(socket.AF_UNIX)
    agent.settimeout(PATIENCE_SECONDS)
    agent.connect("/run/writ/io.writ.Agent")
    return agent


def dawdle(way):
    # The agent counts from when it is connected to.
    start = time.monotonic()
    with connect() as agent:
        replies = way(agent)
        ended[way.__name__] = {"seconds": time.monotonic() - start, "replies": replies}


ended = {}
others = [threading.Thread(target=dawdle, args=[way]) for way in (
    says_nothing, says_nothing_more, has_its_answer, stops_within_a_frame, goes_on_byte_by_byte,
    goes_on_byte_by_byte_after_a_call, goes_on_byte_by_byte_while_it_waits, never_reads,
    closes_its_half, closes_its_half_while_it_waits, calls_again_while_it_waits,
)]
# Before there are threads: it forks.
dawdle(is_killed_within_a_frame)
for other in others:
    other.start()
print("all are slow", flush=True)
dawdle(waits_in_silence)
print(json.dumps(ended), flush=True)
