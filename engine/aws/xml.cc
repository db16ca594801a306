#include "aws/xml.h"

#include <algorithm>
#include <sstream>

#include "aws/foreign_text.h"

namespace kedge {
namespace {

constexpr size_t kNameBytesMax = 100;

}  // namespace

Result<Xml> Xml::parse(std::string_view text) {
  auto document = std::make_unique<pugi::xml_document>();
  const auto parsed = document->load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return Error{ErrorCode::corrupt,
                 "not XML: " + std::string(parsed.description()) + " at byte " + std::to_string(parsed.offset)};
  }
  const auto elements = std::count_if(document->begin(), document->end(),
                                      [](const auto& node) { return node.type() == pugi::node_element; });
  if (elements != 1) return Error{ErrorCode::corrupt, "not XML: it must have exactly one root element"};
  return Xml(std::move(document));
}

std::string Xml::text() const {
  std::ostringstream out;
  document_->save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

Result<Xml> expect_root(std::string_view text, std::initializer_list<std::string_view> names) {
  auto xml = Xml::parse(text);
  if (!xml) return xml;
  const std::string_view got = local_name(xml->root());
  if (std::ranges::find(names, got) != names.end()) return xml;
  std::string wanted;
  for (const std::string_view name : names) wanted += (wanted.empty() ? "<" : " or <") + std::string(name) + ">";
  return Error{ErrorCode::corrupt,
               "the answer is <" + foreign_text(got, kNameBytesMax) + "> where " + wanted + " was asked for"};
}

std::string_view local_name(pugi::xml_node node) {
  const std::string_view name = node.name();
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child_named(pugi::xml_node parent, std::string_view name) {
  for (const pugi::xml_node node : parent.children()) {
    if (local_name(node) == name) return node;
  }
  return {};
}

std::vector<pugi::xml_node> children_named(pugi::xml_node parent, std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const pugi::xml_node node : parent.children()) {
    if (local_name(node) == name) found.push_back(node);
  }
  return found;
}

std::string text_of(pugi::xml_node parent, std::string_view child_name) {
  return child_named(parent, child_name).text().get();
}

std::string xml_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace kedge
