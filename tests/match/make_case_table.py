#!/usr/bin/env python3
"""Writes engine/match/case_table.inc: the full lower and upper case of each character of the Basic Multilingual Plane,
as Unicode 13 has them (which is what event-ruler's Java 17 knows), from the tables of this Python.

usage: make_case_table.py > engine/match/case_table.inc
"""
import sys
import unicodedata

LATER = {0x2C2F, 0x2C5F, 0xA7C0, 0xA7C1, 0xA7D0, 0xA7D1, 0xA7D6, 0xA7D7, 0xA7D8, 0xA7D9}  # came with Unicode 14


def forms(change):
    for code in range(0x10000):
        if 0xD800 <= code <= 0xDFFF or code in LATER:
            continue
        other = change(chr(code))
        if other != chr(code):
            yield code, other


def runs(change):
    """Codes that map to one character at the same distance, in equal steps."""
    found = []
    for code, other in forms(change):
        if len(other) > 1:
            continue
        distance = ord(other) - code
        if found:
            first, last, step, same = found[-1]
            if same == distance and (code - last == step or (first == last and code - last <= 2)):
                found[-1] = (first, code, code - last, same)
                continue
        found.append((code, code, 1, distance))
    return found


def main():
    assert unicodedata.unidata_version in ('13.0.0', '14.0.0'), unicodedata.unidata_version
    print('// Made by tests/match/make_case_table.py; see there.')
    for name, change in (('Lower', str.lower), ('Upper', str.upper)):
        print(f'constexpr CaseRun k{name}Runs[] = {{')
        for first, last, step, distance in runs(change):
            print(f'    {{0x{first:04X}, 0x{last:04X}, {step}, {distance}}},')
        print('};')
        print(f'constexpr CaseSequence k{name}Sequences[] = {{')
        for code, other in forms(change):
            if len(other) > 1:
                print(f'    {{0x{code:04X}, u8"' + ''.join(f'\\u{ord(c):04X}' if ord(c) > 0x7F else c for c in other) + '"},')
        print('};')


sys.exit(main())
