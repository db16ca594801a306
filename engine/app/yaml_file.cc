#include "app/yaml_file.h"

#include <algorithm>

namespace kedge {

YamlFile read_yaml(const std::string& path, const std::string& text,
                   const std::map<std::string, std::string>& environment, const std::function<void(Section&)>& read) {
  YamlFile file{path,
                [&](const std::string& name) -> Result<std::string> {
                  const auto found = environment.find(name);
                  if (found != environment.end()) return found->second;
                  return Error{ErrorCode::not_found,
                               "the environment variable " + name + " is not set; export it before kedge is started"};
                },
                {},
                {}};
  try {
    Section root(file, YAML::Load(text), "");
    read(root);
  } catch (const YAML::Exception& cause) {
    file.mistakes.push_back({cause.mark.line + 1, "",
                             "cannot be read as YAML (" + cause.msg +
                                 "): look here and above for a bracket or a quote that is not closed, a tab, or an "
                                 "indentation that is not its neighbours'"});
  }
  std::stable_sort(file.mistakes.begin(), file.mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  file.environment = nullptr;
  return file;
}

}  // namespace kedge
