"""A hub that believes nothing and says what it is told.

Writes each call as a line of JSON to /srv/hub/calls, and gives the answers that lie in
/srv/hub/answers, each a file that is named by its number, until they are taken.

hub.py [PORT CERTIFICATE KEY]: with a certificate, it speaks TLS.
"""

import http.server
import json
import os
import ssl
import sys
import time

FOLDER = "/srv/hub/"


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def called(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length).decode()
        with open(FOLDER + "calls", "a") as calls:
            call = {
                "call": f"{self.command} {self.path}",
                "body": body,
                "credential": self.headers.get("authorization"),
                "from": self.client_address[1],
            }
            calls.write(json.dumps(call) + "\n")
        return body

    def reply(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.called()
        self.reply(201)

    def do_POST(self):
        body = json.loads(self.called())
        if self.path == "/v1/enroll":
            if body["token"] != "right-token":
                return self.reply(403, {"detail": "the token is unknown"})
            return self.reply(201, {"host": "h1", "credential": "secret"})
        if self.path.endswith("/taken"):
            os.remove(FOLDER + "answers/" + self.path.split("/")[4])
        self.reply(204)

    def do_GET(self):
        wait = int(self.path.rpartition("wait=")[2])
        until = time.monotonic() + wait
        answers = []
        while not answers and time.monotonic() < until:
            for number in sorted(int(name) for name in os.listdir(FOLDER + "answers")):
                with open(f"{FOLDER}answers/{number}") as answer:
                    answers.append({"seq": number, "answer": json.load(answer)})
            time.sleep(0.02)
        self.reply(200, {"answers": answers})

    def log_message(self, *_):
        pass


os.makedirs(FOLDER + "answers", exist_ok=True)
port = int(sys.argv[1]) if len(sys.argv) > 1 else 10080
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hub)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
