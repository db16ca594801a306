"""An HTTP receiver of webhooks: checks each signature (Standard Webhooks) and writes what it got, one JSON line each.

    receiver.py PORT SECRET FILE
"""

import base64
import hashlib
import hmac
import http.server
import json
import sys

port, secret, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
key = base64.b64decode(secret.removeprefix("whsec_"))


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        message_id = self.headers.get("webhook-id", "")
        signed = f"{message_id}.{self.headers.get('webhook-timestamp', '')}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        good = any(hmac.compare_digest(wanted, given) for given in self.headers.get("webhook-signature", "").split(" "))
        with open(path, "a") as log:
            log.write(json.dumps({"id": message_id, "signature": good, "body": json.loads(body)}) + "\n")
        self.send_response(204 if good else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
