// PhaseChart: how long what took, as a picture: bars on one axis of time.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace kedge {

struct PhaseChart {
  struct Bar {
    size_t phase = 0;   // its place in kPhases: its colour
    int64_t begin = 0;  // microseconds since the axis begins
    int64_t length = 0;
  };
  struct Row {
    std::string name;
    std::string note;  // what stands beside it: "2.90 s"
    std::vector<Bar> bars;
  };
  std::string title;
  std::string told;  // the same in words, for those who do not see it
  std::vector<Row> rows;
  bool legend = false;  // the colours are explained: where the rows are not the phases
};

struct Phase {
  const char* name;
  const char* meaning;
};
// The five phases of an outage, in their order.
const std::vector<Phase>& phases_in_order();

// One remediation: a row for each of its phases. `phases`: as a Story has them.
PhaseChart chart_of_phases(const nlohmann::json& phases);

// The end of the axis, in microseconds; never 0.
int64_t axis_end(const PhaseChart&);

// Inline SVG. Colours are classes ("phase-0" to "phase-4", "ink", "faint"), which the page's style defines. `id`: what
// the ids inside begin with.
std::string to_svg(const PhaseChart&, const std::string& id);

// Bars of characters, one line for each row.
std::vector<std::string> to_text_bars(const PhaseChart&);

}  // namespace kedge
