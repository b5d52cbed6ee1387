"""A proxy that knows CONNECT alone: proxy.py PORT FILE.

Writes what it is asked for as a line to FILE, with the port that it calls from, and
carries it to the same port of this machine, whatever the name.
"""

import socket
import sys
import threading

LINE_MAX = 8192


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(LINE_MAX)
        if not data or len(head) > LINE_MAX:
            break
        head += data
    words = head.decode(errors="replace").partition("\r\n")[0].split()
    if len(words) != 3 or words[0] != "CONNECT":
        tell(f"{words} 0")
        client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
        return client.close()
    target = socket.create_connection(("127.0.0.1", int(words[1].rpartition(":")[2])))
    tell(f"{words[0]} {words[1]} {target.getsockname()[1]}")
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=carry, args=(client, target), daemon=True).start()
    carry(target, client)


def tell(line):
    with open(sys.argv[2], "a") as told:
        told.write(line + "\n")


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
