// A whole file of settings: its text read, with all that is wrong in it.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "app/yaml.h"

namespace kedge {

// Reads a file's text: `read` gets its root, and finishes it. ${env:NAME} is looked up in `environment`. What is wrong
// is in the mistakes of what comes back, by line.
YamlFile read_yaml(const std::string& path, const std::string& text,
                   const std::map<std::string, std::string>& environment, const std::function<void(Section&)>& read);

}  // namespace kedge
