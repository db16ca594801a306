#include "source/kafka_problems.h"

#include <spdlog/spdlog.h>

namespace kedge {

using Kind = KafkaProblem::Kind;

void KafkaProblems::add(const KafkaProblem& problem, Duration now) {
  ++count_;
  const auto [entry, is_new] = entries_.try_emplace({problem.kind, problem.topic});
  if (is_new) {
    const std::string topic = problem.topic.empty() ? "" : ": topic `" + problem.topic + "`";
    spdlog::error("source {}{}: {}", source_, topic, problem.text);
  }
  const bool was_fatal = entry->second.problem.fatal;
  entry->second = {problem, now};
  entry->second.problem.fatal |= was_fatal;
}

void KafkaProblems::cluster_answered() {
  std::erase_if(entries_, [](const auto& entry) {
    const Kind kind = entry.first.first;
    return !entry.second.problem.fatal && (kind == Kind::unreachable || kind == Kind::log_in);
  });
}

void KafkaProblems::group_joined() {
  cluster_answered();
  std::erase_if(entries_, [](const auto& entry) {
    const auto& [kind, topic] = entry.first;
    return !entry.second.problem.fatal && topic.empty() && (kind == Kind::not_allowed || kind == Kind::other);
  });
}

void KafkaProblems::topics_seen(const std::map<std::string, int>& partition_counts) {
  std::erase_if(entries_, [&](const auto& entry) {
    const auto& [kind, topic] = entry.first;
    const bool about_topic = kind == Kind::no_topic || kind == Kind::not_allowed;
    return about_topic && partition_counts.contains(topic);
  });
}

void KafkaProblems::forget_old(Duration now) {
  constexpr Duration kForgotten = std::chrono::minutes(1);
  std::erase_if(entries_, [&](const auto& entry) {
    const Kind kind = entry.first.first;
    const bool without_evidence = kind == Kind::other || kind == Kind::out_of_range;
    return without_evidence && !entry.second.problem.fatal && now - entry.second.last > kForgotten;
  });
}

std::vector<std::string> KafkaProblems::texts() const {
  std::vector<std::string> texts;
  for (const auto& [key, entry] : entries_) {
    texts.push_back(key.second.empty() ? entry.problem.text : "topic `" + key.second + "`: " + entry.problem.text);
  }
  return texts;
}

bool KafkaProblems::kept_out() const {
  for (const auto& [key, entry] : entries_) {
    const Kind kind = key.first;
    if (entry.problem.fatal || kind == Kind::log_in || kind == Kind::not_allowed || kind == Kind::fenced) return true;
  }
  return false;
}

bool KafkaProblems::fatal() const {
  for (const auto& [key, entry] : entries_) {
    if (entry.problem.fatal) return true;
  }
  return false;
}

}  // namespace kedge
