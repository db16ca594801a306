#include "aws/query.h"

#include <algorithm>

#include "http/url.h"

namespace kedge {
namespace {

// As browsers and AWS's own tools encode a form: a space is "+".
std::string form_encode(std::string_view text) {
  std::string encoded = percent_encode(text, " ");
  std::ranges::replace(encoded, ' ', '+');
  return encoded;
}

}  // namespace

std::string query_form(std::string_view action, std::string_view version, const QueryParameters& parameters) {
  std::string form = "Action=" + percent_encode(action) + "&Version=" + percent_encode(version);
  for (const auto& [name, value] : parameters) form += "&" + form_encode(name) + "=" + form_encode(value);
  return form;
}

std::string query_string(const QueryParameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query += "&";
    query += percent_encode(name);
    if (!value.empty()) query += "=" + percent_encode(value);
  }
  return query;
}

}  // namespace kedge
