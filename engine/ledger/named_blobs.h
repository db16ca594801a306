// What a record names by digest and the ledger keeps as a blob (RECORDS.md): members that were too large for it, the
// bundles of rules, the document of the event that led to it.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

struct NamedBlob {
  enum class Kind {
    part,      // as the record would show it
    bundle,    // a rule's files
    document,  // the event as it came: nothing in it is redacted
  };
  Kind kind;
  std::string digest;  // hexadecimal
  std::string what;    // in words, such as "member plan"
};

// Asked of a record's bytes, before it is parsed: false only if it surely names no part and no bundle.
bool may_name_parts(std::string_view record);

// Whether this member stands for one that was too large.
bool stands_for_part(const nlohmann::json& member);

// All that it names. Parts that `read` gives are put back into the record; what they name counts too.
using ReadBlob = std::function<std::optional<std::string>(const std::string& digest)>;
std::vector<NamedBlob> open_named_blobs(nlohmann::json& record, const ReadBlob& read);

}  // namespace kedge
