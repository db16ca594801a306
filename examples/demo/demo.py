"""kedge's main job, shown: buckets are made public, and are private again, proven and on record.

Everything runs on loopback: moto is the S3 API, `kedge dev-kafka` stands in for Kafka, kcat produces the events, boto3 is
the independent witness. All processes end with the demo; their files stay.
"""

import argparse
import base64
import datetime
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import uuid

# First: the others take a while to load, and whoever types ctrl-C then wants no traceback.
import showing
from showing import DIM, PLAIN, Kedge, Processes, answers, free_port, headline, ignore_signals, say, wait_for

import boto3  # noqa: E402
import botocore.config  # noqa: E402

ACCOUNT = "123456789012"
HERE = os.path.dirname(os.path.abspath(__file__))

OPEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "TeamOnly", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/payroll"},
         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-payroll/*"},
        {"Sid": "Everybody", "Effect": "Allow", "Principal": "*",
         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-payroll/*"},
    ],
}


def cloudtrail_event(name, bucket, parameters):
    """What CloudTrail writes about an S3 call (fields as documented in its record contents page)."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory",
                         "accountId": ACCOUNT, "accessKeyId": "AKIAEXAMPLE", "userName": "mallory"},
        "eventTime": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "[aws-cli/2.15.0]",
        "requestParameters": {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", **parameters},
        "responseElements": None,
        "requestID": secrets.token_hex(8).upper(),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


class World:
    """The S3 API with its buckets, seen by an independent client."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="mallory",
                               aws_secret_access_key="mallory", config=botocore.config.Config(
                                   retries={"max_attempts": 1}, s3={"addressing_style": "path"}))

    def make(self, bucket):
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=bucket, Key="salaries.csv", Body=b"name,salary\n")

    def all_blocked(self, bucket):
        try:
            flags = self.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            return all(flags.values())
        except self.s3.exceptions.ClientError:
            return False

    def describe(self, bucket):
        groups = [g["Grantee"]["URI"].rsplit("/", 1)[-1] for g in self.s3.get_bucket_acl(Bucket=bucket)["Grants"]
                  if "URI" in g["Grantee"]]
        try:
            statements = json.loads(self.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
            policy = ", ".join(s.get("Sid", "?") for s in statements)
        except self.s3.exceptions.ClientError:
            policy = "none"
        return (f"public access block: {'all four on' if self.all_blocked(bucket) else 'off':<12} "
                f"ACL groups: {', '.join(groups) or 'none':<10} policy statements: {policy}")


def open_buckets(world):
    """The ways in which people do it. Gives the CloudTrail events of the changes, in order."""
    s3 = world.s3
    all_on = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True,
              "RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket="acme-backups", PublicAccessBlockConfiguration=all_on)

    s3.put_bucket_acl(Bucket="acme-reports", ACL="public-read")
    yield cloudtrail_event("PutBucketAcl", "acme-reports", {"x-amz-acl": "public-read", "acl": ""})

    s3.put_bucket_policy(Bucket="acme-payroll", Policy=json.dumps(OPEN_POLICY))
    yield cloudtrail_event("PutBucketPolicy", "acme-payroll", {"bucketPolicy": OPEN_POLICY, "policy": ""})

    s3.put_bucket_acl(Bucket="acme-backups", ACL="public-read")
    s3.delete_public_access_block(Bucket="acme-backups")
    yield cloudtrail_event("DeleteBucketPublicAccessBlock", "acme-backups", {"publicAccessBlock": ""})

    s3.put_bucket_acl(Bucket="acme-website", ACL="public-read")
    yield cloudtrail_event("PutBucketAcl", "acme-website", {"x-amz-acl": "public-read", "acl": ""})


def main():
    directory = showing.LOGS = ARGS.directory
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    began = time.monotonic()
    aws_port, hook_port, api_port = free_port(), free_port(), free_port()
    hook_secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    environment = {**os.environ, "KEDGE_DEMO_DATA": os.path.join(directory, "data"),
                   "KEDGE_DEMO_AWS": f"http://127.0.0.1:{aws_port}", "KEDGE_DEMO_API": f"127.0.0.1:{api_port}",
                   "KEDGE_DEMO_AWS_KEY": "kedge", "KEDGE_DEMO_AWS_SECRET": "kedge",
                   "KEDGE_DEMO_HOOK": f"http://127.0.0.1:{hook_port}/", "KEDGE_DEMO_HOOK_SECRET": hook_secret}

    processes = Processes(directory)
    try:
        headline("starting an S3 API (moto), a stand-in for Kafka (kedge dev-kafka) and a webhook receiver")
        processes.start("moto", [os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p",
                                 str(aws_port)])
        kafka_file = os.path.join(directory, "kafka.address")
        processes.start("kafka", [ARGS.kedge, "dev-kafka", "--topic", "cloudtrail:4", "--address-file", kafka_file])
        received = os.path.join(directory, "notifications.jsonl")
        processes.start("receiver", [sys.executable, os.path.join(HERE, "receiver.py"), str(hook_port), hook_secret,
                                     received])
        wait_for("the S3 API", lambda: answers(environment["KEDGE_DEMO_AWS"] + "/moto-api/"))
        wait_for("the stand-in for Kafka", lambda: os.path.exists(kafka_file) and os.path.getsize(kafka_file))
        environment["KEDGE_DEMO_KAFKA"] = open(kafka_file).read().strip()

        world = World(environment["KEDGE_DEMO_AWS"])
        buckets = ["acme-reports", "acme-payroll", "acme-backups", "acme-website"]
        for bucket in buckets:
            world.make(bucket)

        kedge = Kedge(ARGS.kedge, os.path.join(HERE, "kedge.yaml"), environment)
        headline("one bucket is public on purpose: an exception, with an owner, a reason and an end")
        kedge.show("exception", "add", "--rule", "aws.s3.public-bucket", "--target", "arn:aws:s3:::acme-website",
                   "--owner", "web-team", "--reason", "the public web site, reviewed in October", "--expires", "30d")

        headline("kedge run: subscribed to the topic, waiting for drift")
        processes.start("kedge", [ARGS.kedge, "run", "-c", kedge.configuration], environment)
        wait_for("kedge's readiness", lambda: answers(f"http://127.0.0.1:{api_port}/readyz"))
        say(f"ready; {DIM}http://127.0.0.1:{api_port}/metrics and /readyz tell how it is{PLAIN}")

        headline("somebody makes four buckets public; CloudTrail's events of it go to Kafka (produced by kcat)")
        events = list(open_buckets(world))
        with open(os.path.join(directory, "event.json"), "w") as file:
            json.dump(events[0], file)
        for bucket in buckets:
            say(f"{bucket:<14} {world.describe(bucket)}")
        first = time.monotonic()
        subprocess.run(["kcat", "-P", "-b", environment["KEDGE_DEMO_KAFKA"], "-t", "cloudtrail", "-q"], check=True,
                       input="\n".join(json.dumps(event) for event in events) + "\n", text=True)

        def confirmed():
            rows = kedge.json("audit", "list", "--kind", "confirmation")
            return len(rows) >= 3 and rows

        wait_for("the confirmation of three reverts", confirmed)
        say(f"\nkedge reverted and confirmed three of them; the last confirmation was seen {time.monotonic() - first:.1f} s "
            f"after the events were sent, {time.monotonic() - began:.1f} s after the demo began")

        headline("what the independent client sees now")
        for bucket in buckets:
            say(f"{bucket:<14} {world.describe(bucket)}")

        headline("what kedge did, and what it did not do and why")
        kedge.show("audit", "list", "--kind", "confirmation,suppression")

        headline("the story of one remediation")
        rows = kedge.json("audit", "list", "--kind", "confirmation", "--target", "acme-payroll")
        kedge.show("audit", "show", rows[0]["remediation"])

        headline("what the webhook received")
        wait_for("the notifications", lambda: os.path.exists(received) and
                 sum(1 for _ in open(received)) >= 3)
        for line in open(received):
            notice = json.loads(line)
            data = notice["body"]["data"]
            say(f"{'signature good' if notice['signature'] else 'SIGNATURE BAD'}  {notice['body']['type']:<30} "
                f"{data.get('target', data.get('message', ''))}")
    finally:
        try:
            ignore_signals()
        finally:
            processes.stop()

    script = os.path.join(directory, "environment")
    with open(script, "w") as file:
        for name, value in environment.items():
            if name.startswith("KEDGE_DEMO_"):
                file.write(f"export {name}='{value}'\n")
    headline("yours to look at")
    relative = os.path.relpath(directory)
    say(f"""The daemon has stopped; its files are in {relative}:
  data/ledger.db           the ledger: any SQL tool opens it        kedge.log  what the daemon said
  notifications.jsonl      what the webhook got                     event.json  the first of the events

Type next (kedge reads the ledger without the daemon too):
  . {os.path.relpath(script)}
  build/kedge audit list -c examples/demo/kedge.yaml
  build/kedge exception list -c examples/demo/kedge.yaml
  build/kedge explain aws.s3.public-bucket {relative}/event.json -c examples/demo/kedge.yaml
  build/kedge init my-kedge      # a configuration, a first rule and its test of your own""")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kedge", required=True)
    parser.add_argument("--directory", required=True)
    ARGS = parser.parse_args()
    ARGS.directory = os.path.abspath(ARGS.directory)
    main()
