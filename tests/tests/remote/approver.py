"""An approver's own program, made from docs/hub.md and docs/PROTOCOL.md, with nothing of
Writ in it: approver.py HUB KEY NAME HOST_KEY_FILE approve|deny ID

It logs in at the hub with an SSH key, finds the question of the request, checks the host's
signature with the key that it was told of, signs the decision with ssh-keygen and hands it
in. Prints the hub's status.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

hub, key, name, host_key_file, verdict, wanted = sys.argv[1:]


def call(method, path, body=None, token=None):
    request = urllib.request.Request(hub + path, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for _ in range(30):
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
        except OSError:
            # It is being started again.
            time.sleep(1)
    sys.exit(f"{method} {path}: the hub is not there")


def sign(namespace, text):
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace]
    return subprocess.run(
        command, input=text, capture_output=True, check=True, text=True
    ).stdout


_, told = call("POST", "/v1/login/challenge", {})
challenge = told["challenge"]
assert f"\norigin {hub}\n" in challenge, challenge
_, told = call(
    "POST",
    "/v1/login/ssh",
    {
        "challenge": challenge,
        "key": open(key + ".pub").read().strip(),
        "signature": sign("login@writ", challenge),
    },
)
token = told["token"]



def find():
    _, told = call("GET", "/v1/questions", token=token)
    for digest in [one["digest"] for one in told["questions"]]:
        _, signed = call("GET", f"/v1/questions/{digest}/signed", token=token)
        if json.loads(signed["question"])["id"] == wanted:
            return digest, signed
    return None


# It may be on its way.
for _ in range(40):
    found = find()
    if found:
        break
    time.sleep(1)
else:
    sys.exit(f"the hub has no question of {wanted}")
digest, signed = found
text = signed["question"]
assert hashlib.sha256(text.encode()).hexdigest() == digest

host_key = open(host_key_file).read().strip()
with tempfile.NamedTemporaryFile("w") as allowed, tempfile.NamedTemporaryFile("w") as sig:
    allowed.write(f"host {host_key}\n")
    allowed.flush()
    sig.write(signed["signature"])
    sig.flush()
    verify = ["ssh-keygen", "-Y", "verify", "-f", allowed.name, "-I", "host"]
    verify += ["-n", "question@writ", "-s", sig.name]
    subprocess.run(verify, input=text, check=True, text=True, stdout=subprocess.DEVNULL)
printed = subprocess.run(
    ["ssh-keygen", "-l", "-f", host_key_file], capture_output=True, check=True, text=True
)

asked, now = json.loads(text), int(time.time() * 1000)
decision = json.dumps(
    {
        "version": 1,
        "host": asked["host"],
        "host_key": printed.stdout.split()[1],
        "id": asked["id"],
        "question": digest,
        "verdict": verdict,
        "approver": name,
        "made_wall_ms": str(now),
        "expires_wall_ms": str(now + 600_000),
    }
)
answer = {"decision": decision, "signature": {"ssh": sign("decision@writ", decision)}}
status, _ = call("POST", f"/v1/questions/{digest}/answers", answer, token)
print(status)
