// What a target's canonical name says: an ARN, `host:NAME`, `host:NAME/path`, `k8s:CLUSTER/KIND/NS/NAME`.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

struct TargetName {
  enum class Form { arn, host, file, kubernetes, other };
  Form form = Form::other;
  std::string type;  // "s3", "ec2:security-group", "host", "file", the kind of a Kubernetes object; empty: not known
  std::string name;  // the last part

  std::string partition, service, region, account;  // of an ARN
  std::string host, path;                           // of a host and of a file on it
  std::string cluster, name_space;                  // of a Kubernetes object
};

TargetName read_target(std::string_view target);

// Whether it is a part of a network: a security group, a route, a firewall.
bool is_of_network(const TargetName&);

}  // namespace kedge
