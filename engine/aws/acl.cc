#include "aws/acl.h"

#include "aws/xml.h"

namespace kedge {
namespace {

constexpr std::string_view kLogDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";

AclGrant read_grant(pugi::xml_node node) {
  const pugi::xml_node grantee = child_named(node, "Grantee");
  AclGrant grant;
  for (const pugi::xml_attribute attribute : grantee.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "type" || name.ends_with(":type")) grant.type = attribute.value();
  }
  grant.id = text_of(grantee, "ID");
  grant.uri = text_of(grantee, "URI");
  grant.email = text_of(grantee, "EmailAddress");
  grant.permission = text_of(node, "Permission");
  return grant;
}

}  // namespace

Result<Acl> parse_acl(std::string xml) {
  const auto document = expect_root(xml, {"AccessControlPolicy"});
  if (!document) return document.error();
  const pugi::xml_node list = child_named(document->root(), "AccessControlList");
  if (!list) return Error{ErrorCode::corrupt, "the access control policy holds no AccessControlList"};
  Acl acl;
  acl.owner_id = text_of(child_named(document->root(), "Owner"), "ID");
  for (const pugi::xml_node node : children_named(list, "Grant")) acl.grants.push_back(read_grant(node));
  acl.xml = std::move(xml);
  return acl;
}

bool is_public_group(std::string_view uri) { return !uri.empty() && uri != kLogDelivery; }

Result<std::string> acl_without_public_grants(const std::string& xml) {
  const auto document = expect_root(xml, {"AccessControlPolicy"});
  if (!document) return document.error();
  pugi::xml_node list = child_named(document->root(), "AccessControlList");
  for (const pugi::xml_node node : children_named(list, "Grant")) {
    if (is_public_group(read_grant(node).uri)) list.remove_child(node);
  }
  return document->text();
}

}  // namespace kedge
