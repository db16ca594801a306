// A log of five entries whose every byte is known: made with golang.org/x/mod, so by another implementation.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace kedge::vectors {

inline Digest digest(const std::string& bytes) {
  Digest digest;
  bytes.copy(reinterpret_cast<char*>(digest.bytes.data()), digest.bytes.size());
  return digest;
}
inline Digest of_hex(const std::string& text) { return digest(from_hex(text).value()); }
inline Digest of_base64(const std::string& text) { return digest(from_base64(text).value()); }

inline const std::string kSeed = from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").value();
inline const std::string kOrigin = "example.com/drift-audit";
inline const std::string kVerifierKey = "example.com/drift-audit+7ef53dd0+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

inline const std::vector<std::string> kEntries = {"", "a", "{\"seq\":2}", std::string("\x00\x01\x02", 3), "e4"};

inline const std::vector<Digest> kLeaves = {of_hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
                                            of_hex("022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c"),
                                            of_hex("d3e0a62a8f7a9256c8beb715afded83e4326d2c47379d259b1709a840ad2f11d"),
                                            of_hex("6b0271f8cc97121c9e25e8c731f47c941b487c583f5fe15498a4c6f1994af299"),
                                            of_hex("8e1f887cfc7c7a5e43f202daf67d99ae8f8fd4b33a6b251bcf9f5d83476303ea")};

// Of the trees of 1 to 5 entries.
inline const std::vector<Digest> kRoots = {of_base64("bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="),
                                           of_base64("aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY="),
                                           of_base64("fDKamE0am6nL/AHiEHm0MuFx4cFG5fMWmuQHhUr53c4="),
                                           of_base64("XKUztp9kMr8Nti6r2w33sYQM4eag3Lm8TMZ46pCE2sE="),
                                           of_base64("+Fu4gJJxx/5p5SIA2oCAnTR6ocHalvh92+lGdnxKBds=")};

inline const std::string kBundle = from_hex("000000016100097b22736571223a327d000300010200026534").value();
inline const std::string kTileSha256 = "3fd29a42c54a040fb8cd81fd29e25d0815f83338681896ca4aefd606be92294d";

inline const std::string kCheckpointText =
    "example.com/drift-audit\n"
    "5\n"
    "+Fu4gJJxx/5p5SIA2oCAnTR6ocHalvh92+lGdnxKBds=\n";
inline const std::string kCheckpoint =
    kCheckpointText +
    "\n"
    "\xE2\x80\x94 example.com/drift-audit "
    "fvU90E9xY7mqYts2dVWMfnSt4sMqkq+IFduYNie+VDqc/0UQZzwu0OuRWsHLBqU02YipO9LYAFfU7IfywJ79REJQOAM=\n";

// The same, which a witness signed, too.
inline const std::string kWitness = "witness.example/w1";
inline const std::string kWitnessKey =
    from_base64("BM0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq").value();  // its kind, 4, and the key
inline const std::string kCosigned =
    kCheckpoint +
    "\xE2\x80\x94 witness.example/w1 "
    "nydDYwAAAABndIWAfLIQLx4YxTpUE/DIhzhURCU7EvdrxIdo6LNb6/s8z9Vt3WN5bZUlk679wFrG0FmQZelG5ywzhmoOSemvtzPQDA==\n";

// Of entry 2 in the tree of 5.
inline const std::vector<Digest> kInclusion = {of_base64("awJx+MyXEhyeJejHMfR8lBtIfFg/X+FUmKTG8ZlK8pk="),
                                               of_base64("aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY="),
                                               of_base64("jh+IfPx8el5D8gLa9n2Zro+P1LM6ayUbz59dg0djA+o=")};
// Of the tree of 3 with the tree of 5.
inline const std::vector<Digest> kConsistency = {of_base64("0+CmKo96klbIvrcVr97YPkMm0sRzedJZsXCahArS8R0="),
                                                 of_base64("awJx+MyXEhyeJejHMfR8lBtIfFg/X+FUmKTG8ZlK8pk="),
                                                 of_base64("aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY="),
                                                 of_base64("jh+IfPx8el5D8gLa9n2Zro+P1LM6ayUbz59dg0djA+o=")};

}  // namespace kedge::vectors
