// What Python keeps of a module that it has compiled: NAME.TAG.pyc in __pycache__, which it runs instead of the source
// as long as it believes the two to belong together. That is code, and a healthy server writes it by itself, whenever a
// source is new.
#pragma once

#include <optional>
#include <string>

namespace kedge {

// The source that a file is the cache of: "x/six.py" of "x/__pycache__/six.cpython-311.opt-1.pyc", also while it is
// being written, with a number behind it. None: it is not named so.
std::optional<std::string> python_source_of(const std::string& path);

}  // namespace kedge
