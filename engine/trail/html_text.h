// Text that came from anywhere, as text of an HTML page.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// Printable (record_text.h), and with no character left that means anything in an element or in a quoted attribute.
std::string html_text(std::string_view text);

}  // namespace kedge
