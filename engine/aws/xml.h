// XML answers, never taken for what they are not.
#pragma once

#include <initializer_list>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// Owns the parsed document; nodes point into it. Movable.
class Xml {
 public:
  // One document with one root element. No entity but XML's own five and character references is resolved.
  static Result<Xml> parse(std::string_view text);

  pugi::xml_node root() const { return document_->document_element(); }

  // The document as text again, all but the XML declaration as it was parsed.
  std::string text() const;

 private:
  explicit Xml(std::unique_ptr<pugi::xml_document> document) : document_(std::move(document)) {}
  std::unique_ptr<pugi::xml_document> document_;
};

// Parses `text` and refuses it unless its root element has one of these names: a server that does not know a
// sub-resource may answer another question with status 200. `names` are local names, without a prefix.
Result<Xml> expect_root(std::string_view text, std::initializer_list<std::string_view> names);

// The name without its namespace prefix.
std::string_view local_name(pugi::xml_node);

// Children by local name. A null node where there is none: its text is empty.
pugi::xml_node child_named(pugi::xml_node parent, std::string_view name);
std::vector<pugi::xml_node> children_named(pugi::xml_node parent, std::string_view name);
std::string text_of(pugi::xml_node parent, std::string_view child_name);

// Text for an element's content.
std::string xml_escaped(std::string_view text);

}  // namespace kedge
