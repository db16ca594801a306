#!/usr/bin/env python3
"""Makes the schema beside this file from a whole compiled one:  cut_schema.py WHOLE.json > ocsf-1.8.0.json

Kept are the classes and objects that kedge's events have, with all of their attributes, and of these the enumerations that
its events use. What is left out is not valid in a test: whoever writes more of OCSF cuts it anew.
"""

import json
import sys

CLASSES = {"base_event", "file_activity", "event_log_actvity", "detection_finding", "entity_management",
           "application_lifecycle", "application_error", "remediation_activity", "file_remediation_activity",
           "network_remediation_activity"}
OBJECTS = {"account", "actor", "analytic", "api", "cloud", "d3f_tactic", "d3fend", "device", "evidences", "feature",
           "file", "fingerprint", "finding_info", "http_request", "managed_entity", "metadata",
           "network_connection_info", "network_endpoint", "object", "observable", "policy", "product", "related_event",
           "remediation", "request", "resource_details", "service", "session", "user"}
ENUMERATIONS = {"action_id", "activity_id", "algorithm_id", "category_uid", "class_uid", "direction_id",
                "disposition_id", "log_type_id", "role_id", "severity_id", "state_id", "status_id", "type_id", "type_uid"}


def cut(described):
    kept = {}
    for name, attribute in described["attributes"].items():
        kept[name] = {key: value for key, value in attribute.items() if key != "ed"}
        if "e" in attribute and name not in ENUMERATIONS:
            kept[name]["e"] = "left out"
    return {**described, "attributes": kept}


def main():
    whole = json.load(open(sys.argv[1]))
    parts = {key: value for key, value in whole.items() if key not in ("classes", "objects")}
    lines = [f'"{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in parts.items()]
    for key, wanted in (("classes", CLASSES), ("objects", OBJECTS)):
        rows = [f'"{name}": {json.dumps(cut(whole[key][name]), ensure_ascii=False)}' for name in sorted(wanted)]
        lines.append(f'"{key}": {{\n' + ",\n".join(rows) + "\n}")
    print("{\n" + ",\n".join(lines) + "\n}")


main()
