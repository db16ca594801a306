"""The rule sets: the rows of event-ruler's own benchmark, and series in which the number of rules grows."""

import json


def field(path, *alternatives):
    """One field as a pattern."""
    pattern = list(alternatives)
    for name in reversed(path.split(".")):
        pattern = {name: pattern}
    return pattern


def both(first, *others):
    """Patterns that must all hold, as one."""
    merged = dict(first)
    for other in others:
        for key, value in other.items():
            merged[key] = both(merged[key], value) if key in merged and isinstance(value, dict) else value
    return merged


def each(path, values, make=lambda value: value):
    return [field(path, make(value)) for value in values]


LOT, STREET, TYPE = "properties.MAPBLKLOT", "properties.STREET", "properties.ST_TYPE"
KIND = "geometry.type"
LOTS = ["1430022", "2607117", "2607218", "3745012", "VACSTWIL"]
WILDCARDS = ["143*", "2*0*1*7", "*218", "3*5*2", "VA*IL"]
BORDER, WEST, EAST = -122.41600944012424, -122.46471267081272, -122.4063085128395


def ranges(point, height):
    """Five rules about one point, or about any of many."""
    x = point + ".x"
    return [both(field(KIND, "Polygon"), field(x, {"numeric": ["=", -122.42916360922355]})),
            both(field(KIND, "MultiPolygon"), field(point + "." + height[0], {"numeric": ["=", height[1]]})),
            field(x, {"numeric": ["<", BORDER]}), field(x, {"numeric": [">", BORDER]}),
            field(x, {"numeric": [">", WEST, "<", EAST]})]


def anything_but(operator, fulton, mason, street, polygon, number):
    def but(path, value):
        return field(path, {"anything-but": {operator: value} if operator else [value]})
    return [but(STREET, fulton), but(STREET, mason), but(TYPE, street), but(KIND, polygon), but("properties.FROM_ST", number)]


def deep(levels):
    pattern = {f"string{levels}": [f"value{levels}"]}
    for level in reversed(range(levels)):
        pattern = {f"level{level}": pattern}
    return pattern


def deep_events(count=20000, depth=100):
    """Each a chain of objects, of which the n-th has n of the levels."""
    lines = []
    for size in range(1, depth + 1):
        event = {}
        for level in reversed(range(size)):
            event = {f"string{level}": f"value{level}", **({f"level{level}": event} if event else {})}
        lines.append(json.dumps(event))
    return lines * (count // depth)


def rows():
    found = {
        "EXACT": each(LOT, LOTS),
        "WILDCARD": each(LOT, WILDCARDS, lambda value: {"wildcard": value}),
        "PREFIX": each(STREET, ["AC", "BL", "DR", "FU", "RH"], lambda value: {"prefix": value}),
        "PREFIX_EQUALS_IGNORE_CASE": each(STREET, ["Ac", "bL", "dR", "Fu", "rH"],
                                          lambda value: {"prefix": {"equals-ignore-case": value}}),
        "SUFFIX": each(STREET, ["ON", "KE", "MM", "ING", "GO"], lambda value: {"suffix": value}),
        "SUFFIX_EQUALS_IGNORE_CASE": each(STREET, ["oN", "Ke", "mM", "InG", "gO"],
                                          lambda value: {"suffix": {"equals-ignore-case": value}}),
        "EQUALS_IGNORE_CASE": each(STREET, ["jefferson", "bEaCh", "HyDe", "CHESTNUT"],
                                   lambda value: {"equals-ignore-case": value}) +
        [field(TYPE, {"equals-ignore-case": "st"})],
        "NUMERIC": ranges("geometry.firstCoordinates", ("z", 0)),
        "ANYTHING_BUT": anything_but(None, "FULTON", "MASON", "ST", "Polygon", "441"),
        "ANYTHING_BUT_IGNORE_CASE": anything_but("equals-ignore-case", "Fulton", "Mason", "st", "polygon", "441"),
        "ANYTHING_BUT_PREFIX": anything_but("prefix", "FULTO", "MASO", "S", "Poly", "44"),
        "ANYTHING_BUT_SUFFIX": anything_but("suffix", "ULTON", "ASON", "T", "olygon", "41"),
        "ANYTHING_BUT_WILDCARD": each(LOT, WILDCARDS, lambda value: {"anything-but": {"wildcard": value}}),
        "COMPLEX_ARRAYS": ranges("geometry.coordinates", ("y", 37.729900216217324)),
        "AB_THREE_FIELDS": [both(field("properties.ODD_EVEN", {"anything-but": "E"}), field(TYPE, {"anything-but": "ST"}),
                                 field("geometry.coordinates.z", {"anything-but": 1}))],
        "DEEP_EXACT": [deep(levels) for levels in range(0, 100, 10)],
    }
    plain = ["NUMERIC", "EXACT", "PREFIX"] + [name for name in found if name.startswith("ANYTHING_BUT")]
    found["PARTIAL_COMBO"] = [rule for name in plain for rule in found[name]]
    found["COMBO"] = found["PARTIAL_COMBO"] + found["COMPLEX_ARRAYS"]
    found["Q_COMBO"] = [rule for name in ("EXACT", "PREFIX", "ANYTHING_BUT", "WILDCARD", "EQUALS_IGNORE_CASE")
                        for rule in found[name]]
    return {name: [json.dumps(rule) for rule in rules] for name, rules in found.items()}


def about_recorded(lines, count=10000):
    """Rules about CloudTrail's records: calls that occur, of which one in a hundred is wanted in any region."""
    calls = sorted({(event["eventSource"], event["eventName"], event.get("awsRegion", "")) for event in map(json.loads, lines)})
    made = []
    for number in range(count):
        source, name, region = calls[number % len(calls)]
        pattern = {"eventSource": [source], "eventName": [name], "errorCode": [{"exists": False}]}
        if number % 100:
            pattern["awsRegion"] = [f"{region}-{number}"]
        made.append(json.dumps(pattern))
    return made


# What Quamina has no operator for.
NOT_FOR_QUAMINA = {"PREFIX_EQUALS_IGNORE_CASE", "SUFFIX", "SUFFIX_EQUALS_IGNORE_CASE", "NUMERIC", "ANYTHING_BUT_IGNORE_CASE",
                   "ANYTHING_BUT_PREFIX", "ANYTHING_BUT_SUFFIX", "ANYTHING_BUT_WILDCARD", "COMPLEX_ARRAYS", "PARTIAL_COMBO",
                   "COMBO", "AB_THREE_FIELDS"}


def series(events, sizes):
    """{(kind, number): rules}, their values taken evenly from those of the events."""
    pairs, lots, halves, xs = {}, {}, {}, {}
    for line in events:
        event = json.loads(line)
        properties = event["properties"]
        lot = properties["MAPBLKLOT"]
        if properties["STREET"] is not None:
            pairs.setdefault((properties["STREET"], properties["FROM_ST"]))
        lots.setdefault(lot)
        halves.setdefault((lot[:3], lot[-3:]))
        xs.setdefault(event["geometry"]["firstCoordinates"]["x"])
    kinds = {
        "exact": (pairs, lambda pair: both(field(STREET, pair[0]), field("properties.FROM_ST", pair[1]))),
        "prefix": (lots, lambda lot: field(LOT, {"prefix": lot[:7]})),
        "suffix": (lots, lambda lot: field(LOT, {"suffix": lot[-7:]})),
        "anything-but": (pairs, lambda pair: both(field(STREET, pair[0]),
                                                  field("properties.FROM_ST", {"anything-but": [pair[1]]}))),
        "range": (xs, lambda x: field("geometry.firstCoordinates.x", {"numeric": [">=", x, "<", round(x + 5e-7, 10)]})),
        "wildcard": (halves, lambda half: field(LOT, {"wildcard": half[0] + "*" + half[1]})),
    }
    made = {}
    for kind, (values, make) in kinds.items():
        values = list(values)
        for size in sizes:
            if size <= len(values):
                made[kind, size] = [json.dumps(make(values[i * len(values) // size])) for i in range(size)]
    return made
