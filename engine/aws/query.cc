#include "aws/query.h"

#include "http/url.h"

namespace kedge {

std::string query_form(std::string_view action, std::string_view version, const QueryParameters& parameters) {
  std::string form = "Action=" + percent_encode(action) + "&Version=" + percent_encode(version);
  for (const auto& [name, value] : parameters) form += "&" + percent_encode(name) + "=" + percent_encode(value);
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
