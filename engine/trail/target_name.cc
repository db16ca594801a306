#include "trail/target_name.h"

#include <algorithm>
#include <array>

namespace kedge {
namespace {

// The part before the first `mark`, which is taken away with it; all that is left where there is none.
std::string take_until(std::string_view& rest, char mark) {
  const size_t end = std::min(rest.find(mark), rest.size());
  const std::string part(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// "arn:partition:service:region:account:resource", the resource being "name", "type/name" or "type:name".
TargetName read_arn(std::string_view rest) {
  TargetName target;
  target.form = TargetName::Form::arn;
  target.partition = take_until(rest, ':');
  target.service = take_until(rest, ':');
  target.region = take_until(rest, ':');
  target.account = take_until(rest, ':');
  const size_t mark = rest.find_first_of("/:");
  const bool typed = mark != std::string_view::npos && target.service != "s3";
  target.type = target.service + (typed ? ":" + std::string(rest.substr(0, mark)) : "");
  target.name = typed ? rest.substr(mark + 1) : rest;
  return target;
}

TargetName read_host(std::string_view rest) {
  TargetName target;
  const size_t slash = rest.find('/');
  target.host = rest.substr(0, slash);
  target.form = slash == std::string_view::npos ? TargetName::Form::host : TargetName::Form::file;
  target.type = slash == std::string_view::npos ? "host" : "file";
  target.name = target.host;
  if (slash != std::string_view::npos) {
    target.path = rest.substr(slash);
    target.name = target.path.substr(target.path.rfind('/') + 1);
    if (target.name.empty()) target.name = target.path;
  }
  return target;
}

TargetName read_kubernetes(std::string_view rest) {
  TargetName target;
  target.form = TargetName::Form::kubernetes;
  target.cluster = take_until(rest, '/');
  target.type = take_until(rest, '/');
  target.name_space = take_until(rest, '/');
  target.name = rest;
  return target;
}

}  // namespace

TargetName read_target(std::string_view target) {
  if (target.starts_with("arn:") && std::count(target.begin(), target.end(), ':') >= 5)
    return read_arn(target.substr(4));
  if (target.starts_with("host:") && target.size() > 5 && target[5] != '/') return read_host(target.substr(5));
  if (target.starts_with("k8s:") && std::count(target.begin(), target.end(), '/') == 3) {
    return read_kubernetes(target.substr(4));
  }
  TargetName other;
  other.name = target;
  return other;
}

bool is_of_network(const TargetName& target) {
  constexpr std::array<std::string_view, 20> kTypes = {"ec2:security-group",
                                                       "ec2:security-group-rule",
                                                       "ec2:network-acl",
                                                       "ec2:network-interface",
                                                       "ec2:route-table",
                                                       "ec2:subnet",
                                                       "ec2:vpc",
                                                       "ec2:vpc-endpoint",
                                                       "ec2:vpc-peering-connection",
                                                       "ec2:internet-gateway",
                                                       "ec2:natgateway",
                                                       "ec2:transit-gateway",
                                                       "ec2:transit-gateway-route-table",
                                                       "ec2:elastic-ip",
                                                       "ec2:vpn-connection",
                                                       "ec2:prefix-list",
                                                       "NetworkPolicy",
                                                       "Ingress",
                                                       "Service",
                                                       "EndpointSlice"};
  return target.service == "network-firewall" || target.service == "elasticloadbalancing" ||
         std::find(kTypes.begin(), kTypes.end(), target.type) != kTypes.end();
}

}  // namespace kedge
