#include "host/python_cache.h"

#include <algorithm>
#include <string_view>

namespace kedge {
namespace {

constexpr std::string_view kFolder = "__pycache__";
constexpr std::string_view kEnding = ".pyc";

// Cuts off what stands behind the last dot.
std::string_view cut_last(std::string_view& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view last = name.substr(dot + 1);
  name = name.substr(0, dot);
  return last;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> python_source_of(const std::string& path) {
  const std::string_view whole = path;
  const size_t slash = whole.rfind('/');
  if (slash == std::string_view::npos || !whole.substr(0, slash).ends_with(kFolder)) return std::nullopt;
  const std::string_view above = whole.substr(0, slash - kFolder.size());
  if (!above.empty() && above.back() != '/') return std::nullopt;
  std::string_view name = whole.substr(slash + 1);
  if (std::string_view written = name; is_number(cut_last(written))) name = written;
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  std::string_view tag = cut_last(name);
  if (tag.starts_with("opt-")) tag = cut_last(name);
  if (tag.empty() || name.empty()) return std::nullopt;
  return std::string(above) + std::string(name) + ".py";
}

}  // namespace kedge
