#include "guard/opponent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json.h"

namespace kedge {
namespace {

struct Tool {
  std::string_view in_agent;  // lower case
  std::string_view name;
};

// The first that is found counts: one that builds on another stands before it.
constexpr std::array kTools = {
    Tool{"opentofu", "OpenTofu"},
    Tool{"pulumi", "Pulumi"},
    Tool{"crossplane", "Crossplane"},
    Tool{"upjet", "Crossplane"},
    Tool{"terraform", "Terraform"},
    Tool{"cloudformation.amazonaws.com", "CloudFormation"},
    Tool{"ansible", "Ansible"},
    Tool{"cloud-custodian", "Cloud Custodian"},
    Tool{"config.amazonaws.com", "AWS Config"},
    Tool{"ssm.amazonaws.com", "Systems Manager"},
    Tool{"console.amazonaws.com", "the console"},
    Tool{"s3console", "the console"},
    Tool{"signin.amazonaws.com", "the console"},
    Tool{"aws-cli", "the AWS CLI"},
    Tool{"boto3", "Boto3"},
};

struct Counted {
  Actor actor;
  int times = 0;
};

// By the tool rather than by the agent: versions come and go.
std::vector<Counted> counted(const std::vector<Actor>& actors) {
  std::vector<Counted> all;
  for (const Actor& actor : actors) {
    const auto same = [&](const Counted& one) {
      if (one.actor.principal != actor.principal) return false;
      const std::string tool = tool_of(actor.agent);
      return tool.empty() ? one.actor.agent == actor.agent : tool_of(one.actor.agent) == tool;
    };
    const auto found = std::find_if(all.begin(), all.end(), same);
    if (found == all.end()) {
      all.push_back({actor, 1});
    } else {
      ++found->times;
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Counted& a, const Counted& b) { return a.times > b.times; });
  return all;
}

std::string name_of(const Actor& actor) {
  std::string name = actor.principal.empty() ? "somebody whom the event does not name" : actor.principal;
  std::string tool = tool_of(actor.agent);
  if (tool.empty()) tool = actor.agent.substr(0, 64);
  return tool.empty() ? name : name + " (" + tool + ")";
}

}  // namespace

std::string tool_of(const std::string& agent) {
  std::string lower = agent;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Tool& tool : kTools) {
    if (lower.find(tool.in_agent) != std::string::npos) return std::string(tool.name);
  }
  return "";
}

std::string names_of(const std::vector<Actor>& actors) {
  std::vector<std::string> names;
  for (const Counted& one : counted(actors)) {
    std::string name = name_of(one.actor);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Json counts_of(const std::vector<Actor>& actors) {
  Json all = Json::array();
  for (const Counted& one : counted(actors)) {
    all.push_back({{"principal", one.actor.principal},
                   {"agent", one.actor.agent},
                   {"tool", tool_of(one.actor.agent)},
                   {"times", one.times}});
  }
  return all;
}

}  // namespace kedge
