"""Events like a city's parcels: a dozen strings, then a polygon of a few to a few hundred points. All of it is made up."""

import json
import random

STREETS = ["HYDE", "JEFFERSON", "BEACH", "CHESTNUT", "FULTON", "FUNSTON", "MASON", "MASONIC", "ACADIA", "ACEVEDO", "BLANKEN",
           "BLAKE", "DRAKE", "DRUMM", "RHODE ISLAND", "RHINE", "WASHINGTON", "UNION", "JACKSON", "LAKE", "IRVING", "STERLING",
           "SANTIAGO", "ARAGO", "17TH", "FOLSOM", "FOERSTER", "BIRCH", "UNKNOWN"]
SYLLABLES = ["AL", "BER", "CA", "DO", "EL", "FI", "GA", "HO", "IS", "JU", "KE", "LA", "MO", "NA", "OR", "PA", "QUE", "RI", "SA",
             "TE", "UL", "VA", "WE", "YO", "ZE"]
TYPES = ["ST", "ST", "ST", "AVE", "BLVD", "WAY", "CT", None]
SPECIAL = [("1430", "022"), ("2607", "117"), ("2607", "218"), ("3745", "012"), ("VACS", "TWIL"), ("3027A", "001"), ("2183", "004")]


def lots(count, seed=1):
    """So many lines of JSON."""
    source = random.Random(seed)
    streets = STREETS + ["".join(source.choices(SYLLABLES, k=source.randint(2, 4))) for _ in range(400)]
    for number in range(count):
        block, lot = (source.choice(SPECIAL) if number % 200 == 7
                      else (f"{source.randrange(1, 7400):04d}", f"{source.randrange(1, 400):03d}"))
        house = str(source.randrange(1, 4000))
        x, y = -122.36 - source.random() * 0.15, 37.71 + source.random() * 0.1
        points = min(3 + int(source.paretovariate(0.9)), 380)
        ring = [{"x": x + source.gauss(0, 2e-4), "y": y + source.gauss(0, 2e-4), "z": 0.0} for _ in range(points)]
        is_multiple = number % 1800 == 11
        yield json.dumps({
            "type": "Feature",
            "properties": {
                "MAPBLKLOT": block + lot, "BLKLOT": block + f"{source.randrange(1, 400):03d}", "BLOCK_NUM": block, "LOT_NUM": lot,
                "FROM_ST": house, "TO_ST": house, "STREET": source.choice(streets) if number % 600 else None,
                "ST_TYPE": source.choice(TYPES), "ODD_EVEN": "E" if int(house) % 2 == 0 else "O"},
            "geometry": {
                "type": "MultiPolygon" if is_multiple else "Polygon",
                "coordinates": [[ring], [ring[:3]]] if is_multiple else [ring],
                "firstCoordinates": ring[0]}})
