// The whole document, byte for byte as somebody has looked at it. Where it is meant to be another: look at what lies in
// the build's folder then, and put it here.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "tests/trail/report_fixture.h"
#include "trail/report_page.h"

namespace kedge {
namespace {

void expect_as_kept(const std::string& name, const std::string& text) {
  const std::string kept = std::string(KEDGE_SOURCE_DIR) + "/tests/trail/report/" + name;
  const std::string fresh = std::string(KEDGE_BINARY_DIR) + "/report/" + name;
  const auto wanted = read_file(kept);
  if (wanted && *wanted == text) return;
  std::filesystem::create_directories(std::filesystem::path(fresh).parent_path());
  std::ofstream(fresh, std::ios::binary) << text;
  ADD_FAILURE() << fresh << " is not " << kept;
}

TEST(ReportGolden, IsInMarkdownAsItWasLookedAt) {
  expect_as_kept("photos.md", to_markdown(page_of(testing::sample_report("photos"))));
}

TEST(ReportGolden, IsInHtmlAsItWasLookedAt) {
  expect_as_kept("photos.html", to_html(page_of(testing::sample_report("photos"))));
}

}  // namespace
}  // namespace kedge
