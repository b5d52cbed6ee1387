"""Makes an answer and gives it to the hub under a number: sign.py NUMBER KEY CHANGES.

The decision approves the newest question that the hub has, by bob; CHANGES is a JSON
object of what is to be otherwise in it, and "after" what is changed behind the signature.
"""

import hashlib
import json
import os
import subprocess
import sys
import time

number, key, changes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
puts = [json.loads(line) for line in open("/srv/hub/calls")]
puts = [call for call in puts if call["call"].startswith("PUT ")]
question = json.loads(puts[-1]["body"])["question"]
asked = json.loads(question)
now = int(time.time() * 1000)
after = changes.pop("after", {})
host_key = subprocess.run(
    ["python3", "/srv/call.py", "HostKey", "{}"], capture_output=True, check=True, text=True
)
decision = {
    "version": 1,
    "host": asked["host"],
    "host_key": json.loads(host_key.stdout)["parameters"]["fingerprint"],
    "id": asked["id"],
    "question": hashlib.sha256(question.encode()).hexdigest(),
    "verdict": "approve",
    "approver": "bob",
    "made_wall_ms": str(now),
    "expires_wall_ms": str(now + 600_000),
} | changes
text = json.dumps(decision)
command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "decision@writ"]
signed = subprocess.run(command, input=text, capture_output=True, check=True, text=True)
if after:
    text = json.dumps(decision | after)
answer = {"decision": text, "signature": {"ssh": signed.stdout}}
fresh = f"/srv/hub/{number}.new"
with open(fresh, "w") as file:
    json.dump(answer, file)
os.rename(fresh, f"/srv/hub/answers/{number}")
