// Expect: what must hold, in words for who reads that it did not.
#pragma once

#include <functional>
#include <string>

namespace kedge {

using Expect = std::function<void(bool holds, const std::string& promise)>;

}  // namespace kedge
