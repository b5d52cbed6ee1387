"""Kills the agent again and again, at random moments, while people use sudo and writ;
then lets everything come to its end and prints what each of them met, as JSON.

    storm.py SEED KILLS SECONDS_MAX
"""

import glob
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

AGENT = "/usr/sbin/writd"
AGENT_PROCESSES = "/sys/fs/cgroup/system.slice/writd.service/cgroup.procs"
LEDGER = "/var/lib/writ/ledger/0*.jsonl"

# alice's commands are asked about, carol's are allowed by policy.
WORKERS = [("alice", "asked")] * 4 + [("carol", "allowed")]
APPROVERS = 2

# Between one thing that somebody does and the next, in seconds at most.
REST = 0.1

# No sudo may take longer, in seconds: it tries a lost agent for ten, more than once.
SUDO_MAX = 60
# Nor may the agent take longer to be there again.
RESTART_MAX = 20

# How long a system call is waited for, in seconds.
CALL_MAX = 0.3

# When the agent is killed: by the clock, and at system calls.
MOMENTS = ["starting", "ready", "event", "later", "write", "fdatasync"] + ["sendto"] * 4

seed, kills_wanted, seconds_max = (int(argument) for argument in sys.argv[1:4])
killing_is_over = threading.Event()
asking_is_over = threading.Event()
runs, approvals, kills = [], [], []


def start(user, argv):
    return subprocess.Popen(
        argv, user=user, group=user, extra_groups=[], cwd="/", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def end(process, kill_after):
    """Waits for a process, or kills it after so many seconds."""
    try:
        stdout, stderr = process.communicate(timeout=kill_after or SUDO_MAX)
        return {"status": process.returncode, "stdout": stdout, "stderr": stderr}
    except subprocess.TimeoutExpired:
        process.kill()
    try:
        stdout, stderr = process.communicate(timeout=SUDO_MAX)
    except subprocess.TimeoutExpired:
        # What it started goes on and holds its output; that is not waited for.
        stdout, stderr = "", ""
    ending = "killed" if kill_after else "hung"
    return {"status": ending, "stdout": stdout, "stderr": stderr}


def work(user, kind, place):
    chance = random.Random(f"{seed} {place}")
    count = 0
    while not killing_is_over.is_set():
        count += 1
        mark = f"{kind}-{place}-{count}"
        lasts = chance.choice(["0", "0", "0.05", "0.3"])
        kill_after = chance.uniform(0.001, 0.5) if chance.random() < 1 / 6 else None
        process = start(user, ["sudo", "-n", "mark", mark, lasts])
        runs.append({"mark": mark, **end(process, kill_after)})
        time.sleep(chance.uniform(0, REST))


def approve(place):
    chance = random.Random(f"{seed} approver {place}")
    while not asking_is_over.is_set():
        listed = end(start("bob", ["writ", "pending", "--json"]), None)
        if listed["status"] != 0:
            approvals.append({"id": None, **listed})
            continue
        pending = [request["id"] for request in json.loads(listed["stdout"])["requests"]]
        if not pending:
            time.sleep(chance.uniform(0, REST))
            continue
        wanted = chance.choice(pending)
        kill_after = chance.uniform(0.001, 0.03) if chance.random() < 1 / 6 else None
        process = start("bob", ["writ", "approve", wanted, "--yes"])
        approvals.append({"id": wanted, **end(process, kill_after)})


def agent():
    """The agent's process, held; none while it is away or systemd has only forked."""
    try:
        with open(AGENT_PROCESSES) as processes:
            pids = processes.read().split()
        for pid in pids:
            held = os.pidfd_open(int(pid))
            if os.readlink(f"/proc/{pid}/exe") == AGENT:
                return held
            os.close(held)
    except OSError:
        pass
    return None


def until(condition, seconds):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        found = condition()
        if found:
            return found
        time.sleep(0.001)
    return None


def is_serving():
    """Asks the agent for what it is; it answers once it serves."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect("/run/writ/io.writ.Agent")
            connection.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
            return connection.recv(1) != b""
        except OSError:
            return False


def ledger_bytes():
    return sum(os.stat(segment).st_size for segment in glob.glob(LEDGER))


def kill_again_and_again():
    chance = random.Random(f"{seed} killer")
    give_up = time.monotonic() + seconds_max
    while len(kills) < kills_wanted and time.monotonic() < give_up:
        held = until(agent, RESTART_MAX)
        if held is None:
            break
        moment = chance.choice(MOMENTS)
        if moment == "starting":
            time.sleep(chance.uniform(0, 0.02))
        elif moment == "ready":
            until(is_serving, 1)
            time.sleep(chance.uniform(0, 0.04))
        elif moment == "event":
            before = ledger_bytes()
            until(lambda: ledger_bytes() != before, 0.3)
            time.sleep(chance.uniform(0, 0.005))
        elif moment == "later":
            time.sleep(chance.uniform(0.04, 0.2))
        elif not killed_at(held, moment, chance.randint(1, 4)):
            moment = "no " + moment
        if not has_ended(held):
            signal.pidfd_send_signal(held, signal.SIGKILL)
        kills.append(moment)
        until(lambda: has_ended(held), RESTART_MAX)
        os.close(held)


def killed_at(held, call, count):
    """Whether it was killed as it made that system call for the count-th time: before
    a record is written, before it is on the disk, and with it there before the answer
    is sent. No clock hits these moments."""
    pid = next(line.split()[1] for line in open(f"/proc/self/fdinfo/{held}") if line[:4] == "Pid:")
    strace = subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", "-p", pid, "-e", f"trace={call}",
         "-e", f"inject={call}:signal=SIGKILL:when={count}"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    until(lambda: has_ended(held), CALL_MAX)
    killed = has_ended(held)
    strace.terminate()
    strace.wait()
    return killed


def has_ended(held):
    """A pidfd is readable once its process has ended (pidfd_open(2))."""
    return bool(select.select([held], [], [], 0)[0])


def main():
    workers = [
        threading.Thread(target=work, args=(user, kind, place))
        for place, (user, kind) in enumerate(WORKERS)
    ]
    approvers = [threading.Thread(target=approve, args=(place,)) for place in range(APPROVERS)]
    for thread in workers + approvers:
        thread.start()
    started = time.monotonic()
    kill_again_and_again()
    lasted = time.monotonic() - started
    killing_is_over.set()
    for thread in workers:
        thread.join()
    asking_is_over.set()
    for thread in approvers:
        thread.join()
    print(json.dumps({
        "seconds": lasted, "kills": kills, "runs": runs, "approvals": approvals,
    }))


main()
