#include "rule/rule_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/hash.h"
#include "base/json.h"
#include "rule/rule_reader.h"
#include "rule/rule_sandbox.h"
#include "rule/rule_set_parts.h"

namespace kedge {
namespace {

using Parts = RuleSet::Parts;

std::string bundle_text(const RuleFiles& files, const std::vector<std::string>& paths) {
  Json texts = Json::object();
  for (const std::string& path : paths) texts[path] = files.texts.at(path);
  const auto text = canonical_json(Json{{"files", texts}});
  return text ? *text : "";  // it holds nothing but strings, which are UTF-8: read_rule_files has seen to it
}

// The files of a bundle.
Result<RuleFiles> files_in(const std::string& bundle, const std::string& directory) {
  const Error no_bundle{ErrorCode::corrupt, "this is no bundle of a rule's files"};
  const auto document = parse_json(bundle);
  if (!document || !document->is_object() || !document->contains("files") || !document->at("files").is_object()) {
    return no_bundle;
  }
  RuleFiles files{directory, {}};
  for (const auto& [path, text] : document->at("files").items()) {
    if (!text.is_string()) return no_bundle;
    files.texts[path] = text.get<std::string>();
  }
  return files;
}

}  // namespace

// Fills Parts, and a list of all that is wrong.
class RuleSet::Loader {
 public:
  explicit Loader(Options options) : parts_(std::make_unique<Parts>()) { parts_->options = std::move(options); }

  Loaded load() && {
    read_files();
    return std::move(*this).finish();
  }

  Loaded load_bundle(const std::string& bundle, const std::string& rule) && {
    only_ = rule;
    auto files = files_in(bundle, parts_->options.directory);
    if (files) {
      parts_->files = *std::move(files);
    } else {
      problems_.push_back({"", 0, rule, "", files.error().message});
    }
    return std::move(*this).finish();
  }

 private:
  Loaded finish() && {
    if (problems_.empty()) read_rules();
    apply_modes();
    if (!problems_.empty()) {
      std::stable_sort(problems_.begin(), problems_.end(), [](const RuleProblem& a, const RuleProblem& b) {
        return std::tie(a.file, a.line) < std::tie(b.file, b.line);
      });
      return {nullptr, std::move(problems_)};
    }
    sort_by_id();
    build_matcher();
    std::unique_ptr<const RuleSet> rules(new RuleSet(std::move(parts_)));
    return {std::move(rules), {}};
  }

  void read_files() {
    auto files = read_rule_files(parts_->options.directory, parts_->options.limits.file_bytes);
    if (!files) return problems_.push_back({"", 0, "", "", files.error().message});
    parts_->files = *std::move(files);
    if (parts_->files.rules().empty()) {
      problems_.push_back(
          {"", 0, "", "",
           fmt::format("there is no rule in {}: rules are files that end in .lua", parts_->options.directory)});
    }
  }

  void read_rules() {
    auto sandbox = make_rule_sandbox(parts_->files, parts_->options, "rule");
    if (!sandbox) return problems_.push_back({"", 0, "", "", sandbox.error().message});
    for (const std::string& path : parts_->files.rules()) read_file(**sandbox, path);
    if (parts_->rules.size() > parts_->options.limits.rules) {
      problems_.push_back({"", 0, "", "",
                           fmt::format("{} rules are more than the limit of {} (limits.rules)", parts_->rules.size(),
                                       parts_->options.limits.rules)});
    }
    if (only_ && parts_->rules.empty() && problems_.empty()) {
      problems_.push_back({"", 0, *only_, "", "the bundle declares no such rule"});
    }
  }

  void read_file(lua::Sandbox& sandbox, const std::string& path) {
    auto environment = sandbox.open(lua_file(parts_->files, path));
    if (!environment) return problems_.push_back(problem_from_lua(path, environment.error().message));
    std::vector<std::string> paths = {path};
    for (const std::string& module : environment->modules()) paths.push_back(*parts_->files.module_path(module));
    for (size_t i = 0; i < environment->declarations(); ++i) {
      const auto declaration = environment->declaration(i);
      if (!declaration) {
        problems_.push_back(problem_from_lua(path, declaration.error().message));
        continue;
      }
      if (only_ && declaration->name != *only_) continue;
      add_rule(*declaration, path, {.declaration = i, .paths = paths});
    }
    if (environment->declarations() == 0) {
      problems_.push_back({path, 0, "", "",
                           "declares no rule: rule \"id\" { on = ..., target = ..., respond = ... }; "
                           "what rules share lies in lib/"});
    }
  }

  void add_rule(const lua::Declaration& declaration, const std::string& path, Parts::Origin origin) {
    PatternExtras extras;
    extras.read_file = [&](const std::string& name) { return read_list(name, origin.paths); };
    auto rule =
        read_rule(declaration, path, parts_->files.texts.at(path), {extras, parts_->options.engine_limits}, problems_);
    const auto [first, is_new] = places_.try_emplace(declaration.name, fmt::format("{}:{}", path, declaration.line));
    if (!is_new) {
      problems_.push_back({path, declaration.line, declaration.name, "",
                           fmt::format("the id is taken by the rule in {}; ids are unique", first->second)});
    }
    if (!rule || !is_new) return;
    std::sort(origin.paths.begin(), origin.paths.end());
    origin.paths.erase(std::unique(origin.paths.begin(), origin.paths.end()), origin.paths.end());
    rule->version = sha256(bundle_text(parts_->files, origin.paths)).hex();
    const auto is_function = [&](const char* name) {
      return std::binary_search(declaration.functions.begin(), declaration.functions.end(), name);
    };
    origin.has_when = is_function("when");
    origin.has_title = is_function("title");
    origin.has_severity = is_function("severity");
    origin.has_tests = declaration.data.contains("tests");
    origin.has_approval = declaration.data.contains("approval");
    parts_->rules.push_back(*std::move(rule));
    parts_->origins.push_back(std::move(origin));
  }

  // A list that a pattern names belongs to the rule's bundle.
  Result<std::string> read_list(const std::string& name, std::vector<std::string>& paths) const {
    const auto found = parts_->files.texts.find(name);
    if (found == parts_->files.texts.end() || !name.ends_with(".txt")) {
      return Error{ErrorCode::not_found,
                   fmt::format("there is no {} in {}: lists are files lib/**.txt", name, parts_->options.directory)};
    }
    paths.push_back(name);
    return found->second;
  }

  // The configuration has the last word on modes. What it says of rules that are not there is for `check` to tell.
  void apply_modes() {
    for (Rule& rule : parts_->rules) {
      const auto mode = parts_->options.modes.find(rule.id);
      if (mode != parts_->options.modes.end()) rule.policy.mode = mode->second;
    }
  }

  void sort_by_id() {
    std::vector<size_t> order(parts_->rules.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return parts_->rules[a].id < parts_->rules[b].id; });
    std::vector<Rule> rules;
    std::vector<Parts::Origin> origins;
    for (const size_t i : order) {
      rules.push_back(std::move(parts_->rules[i]));
      origins.push_back(std::move(parts_->origins[i]));
    }
    parts_->rules = std::move(rules);
    parts_->origins = std::move(origins);
  }

  void build_matcher() {
    Matcher::Builder builder;
    std::map<std::string, std::string> versions;
    for (size_t i = 0; i < parts_->rules.size(); ++i) {
      const Rule& rule = parts_->rules[i];
      builder.add(static_cast<uint32_t>(i), rule.pattern);
      versions[rule.id] = rule.version;
    }
    parts_->matcher = std::move(builder).build();
    parts_->digest = digest_of_rules(versions);
  }

  std::unique_ptr<Parts> parts_;
  std::vector<RuleProblem> problems_;
  std::map<std::string, std::string> places_;  // id → where it was declared first
  std::optional<std::string> only_;            // the id of the one rule that is wanted; none: all
};

std::string digest_of_rules(const std::map<std::string, std::string>& versions) {
  std::string all = fmt::format("sandbox {}\n", kSandboxNumber);
  for (const auto& [id, version] : versions) all += id + ' ' + version + '\n';
  return sha256(all).hex();
}

std::string to_string(const RuleProblem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += fmt::format(":{}", problem.line);
  if (!text.empty()) text += ": ";
  if (!problem.rule.empty()) text += fmt::format("rule {}: ", problem.rule);
  if (!problem.field.empty()) text += problem.field + ": ";
  return text + problem.message;
}

RuleSet::RuleSet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RuleSet::~RuleSet() = default;

RuleSet::Loaded RuleSet::load(Options options) { return Loader(std::move(options)).load(); }

RuleSet::Loaded RuleSet::load_bundle(Options options, const std::string& bundle, const std::string& rule) {
  options.engine_limits = {};  // it was loaded under those of its time
  return Loader(std::move(options)).load_bundle(bundle, rule);
}

const std::vector<Rule>& RuleSet::rules() const { return parts_->rules; }
const Matcher& RuleSet::matcher() const { return parts_->matcher; }
const std::string& RuleSet::digest() const { return parts_->digest; }
const std::string& RuleSet::directory() const { return parts_->options.directory; }
const ActionCatalog& RuleSet::actions() const { return *parts_->options.actions; }

const Rule* RuleSet::find(const std::string& id) const {
  const auto found = std::lower_bound(rules().begin(), rules().end(), id,
                                      [](const Rule& rule, const std::string& wanted) { return rule.id < wanted; });
  return found == rules().end() || found->id != id ? nullptr : &*found;
}

std::string RuleSet::bundle(const Rule& rule) const {
  const auto index = static_cast<size_t>(&rule - rules().data());
  return bundle_text(parts_->files, parts_->origins.at(index).paths);
}

}  // namespace kedge
