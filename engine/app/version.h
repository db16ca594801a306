#pragma once

namespace kedge {

inline constexpr const char* kVersion = KEDGE_VERSION;  // from CMakeLists.txt

}  // namespace kedge
