"""Rules for a benchmark: many that match nothing, or the one shipped rule about public buckets."""

import os
import shutil

from stage.place import ROOT

# Every rule asks for a source and names that do occur elsewhere in the field but not in what bench_produce makes, so that
# no rule can be dropped without looking at the event.
_RULE = """rule "bench.never-{number}" {{
  title = "never {number}",
  mode = "enforce",
  on = {{
    source = {{ "aws.{service}" }},
    detail = {{
      eventName = {{ "Delete{service}Thing{number}", "Put{service}Thing{number}" }},
      errorCode = {{ {{ exists = false }} }},
    }},
  }},
  target = function(event) return "arn:aws:s3:::" .. event.detail.requestParameters.bucketName end,
  respond = function(event) return {{ revert = {{
    action.aws.s3.block_public_access {{ bucket = event.detail.requestParameters.bucketName }} }} }} end,
}}
"""
_SERVICES = ["s3", "iam", "ec2", "kms", "sts", "rds", "lambda", "sns", "sqs", "eks"]


def rules_that_never_match(folder, count):
    """One file a rule, as people keep them."""
    for number in range(count):
        with open(os.path.join(folder, f"never_{number}.lua"), "w") as file:
            file.write(_RULE.format(number=number, service=_SERVICES[number % len(_SERVICES)]))
    return folder


_SLOW_RULE = """rule "bench.slow" {
  title = "slow",
  mode = "shadow",
  on = { source = { { exists = true } } },
  target = function(event)
    for _ = 1, 500000 do end
    return "arn:aws:s3:::" .. event.id
  end,
  respond = function(event) return { revert = { action.aws.s3.block_public_access { bucket = "slow" } } } end,
}
"""


def slow_rule(folder):
    """Wants every event, and takes milliseconds for each."""
    with open(os.path.join(folder, "slow.lua"), "w") as file:
        file.write(_SLOW_RULE)


def public_bucket_rule(folder):
    """The shipped rule and its library, alone."""
    shutil.copytree(os.path.join(ROOT, "rules", "lib"), os.path.join(folder, "lib"))
    shutil.copy(os.path.join(ROOT, "rules", "aws", "public_bucket.lua"), folder)
    return folder
