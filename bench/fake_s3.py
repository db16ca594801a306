"""An S3 for benchmarks: every bucket is there and public until it is closed; it remembers when it was asked what.

  fake_s3.py PORT [denied]

Answers GET, PUT and DELETE of ?publicAccessBlock, ?acl, ?policy, ?ownershipControls (path style), with state for each
bucket, and keeps connections open. GET /-/requests gives all requests as JSON: [nanoseconds since the epoch at which it
came, method, bucket, sub-resource]. When it came is what the kernel says (SO_TIMESTAMPNS), so that the time until Python
wakes up is not measured. A POST is a notice; GET /-/notices gives all: [path, body]. It checks no signature. `denied`:
whoever writes is not allowed to.
"""

import json
import re
import socket
import struct
import sys
import threading
import time

OWNER = "<Owner><ID>bench-owner</ID></Owner>"
GRANTEE = '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='
FULL = (f'<Grant>{GRANTEE}"CanonicalUser"><ID>bench-owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>')
PUBLIC = (f'<Grant>{GRANTEE}"Group">'
          "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>")
PUBLIC_READ = (f'<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{OWNER}'
               f"<AccessControlList>{FULL}{PUBLIC}</AccessControlList></AccessControlPolicy>")
AT_FIRST = {"acl": PUBLIC_READ.encode()}
MISSING = {"publicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "policy": "NoSuchBucketPolicy",
           "policyStatus": "NoSuchBucketPolicy", "ownershipControls": "OwnershipControlsNotFoundError"}
SO_TIMESTAMPNS = 35  # of Linux; Python has no name for it
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

requests = []  # appended to by all connections; appending to a list is atomic
notices = []   # likewise
denied = "denied" in sys.argv[2:]
state = {}     # (bucket, sub-resource) → the body that was put; None: deleted


def answer(method, bucket, resource, body):
    """(status line, body)"""
    if denied and method in ("PUT", "DELETE"):
        return "403 Forbidden", error("AccessDenied")
    if method == "PUT":
        state[bucket, resource] = body
        return "200 OK", b""
    if method == "DELETE":
        state[bucket, resource] = None
        return "204 No Content", b""
    if method == "POST":
        return "200 OK", b""
    found = state.get((bucket, resource), AT_FIRST.get(resource))
    if found is not None:
        return "200 OK", found
    code = MISSING.get(resource, "NotImplemented")
    status = "404 Not Found" if resource in MISSING else "501 Not Implemented"
    return status, error(code)


def error(code):
    return f"<Error><Code>{code}</Code><Message>bench</Message><RequestId>0</RequestId></Error>".encode()


def receive(connection):
    """(bytes, nanoseconds since the epoch at which the kernel had them)"""
    chunk, notes, _, _ = connection.recvmsg(65536, 64)
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data)
            return chunk, seconds * 1_000_000_000 + nanoseconds
    return chunk, time.time_ns()


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    held = b""
    while True:
        came = 0
        while b"\r\n\r\n" not in held:
            chunk, at = receive(connection)
            came = came or at
            if not chunk:
                return connection.close()
            held += chunk
        head, _, held = held.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        while len(held) < size:
            held += connection.recv(65536)
        body, held = held[:size], held[size:]
        method, url, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        path, _, query = url.partition("?")
        bucket, resource = path.strip("/"), query.partition("&")[0].rstrip("=")
        if bucket in ("-/requests", "-/notices"):
            status, body = "200 OK", json.dumps(requests if bucket == "-/requests" else notices).encode()
        else:
            if method == "POST":
                notices.append((bucket, body.decode()))
            else:
                requests.append((came or time.time_ns(), method, bucket, resource))
            status, body = answer(method, bucket, resource, body)
        headers = f"Content-Length: {len(body)}\r\nContent-Type: application/xml\r\nx-amz-request-id: 0"
        connection.sendall(f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body)


def serve_until_closed(connection):
    try:
        serve(connection)
    except OSError:
        connection.close()  # the peer was killed


def main():
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=256) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_until_closed, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
