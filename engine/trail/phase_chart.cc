#include "trail/phase_chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "trail/html_text.h"
#include "trail/record_summary.h"

namespace kedge {
namespace {

// Of the picture, in its own units.
constexpr int kWidth = 720;
constexpr int kNames = 150;  // the room of the rows' names, to the left
constexpr int kNotes = 90;   // and of their notes, to the right
constexpr int kRow = 30;
constexpr int kBar = 16;
constexpr int kTop = 8;
constexpr int kAxis = 30;
constexpr int kLegend = 26;
constexpr int kPlot = kWidth - kNames - kNotes;
constexpr double kBarLeast = 3;  // so that what took no time is still seen
constexpr size_t kNameMax = 22;  // characters

// The distance of the axis's ticks, of which there are at most seven: 1, 2 or 5 of a decade; from 5 s on, parts of a
// minute, an hour, a day.
int64_t tick_of(int64_t end) {
  constexpr int64_t kSecond = 1'000'000;
  constexpr int64_t kHour = 3600 * kSecond;
  const auto fits = [&](int64_t tick) { return end / tick <= 6; };
  for (int64_t decade = 1; end < 5 * kSecond; decade *= 10) {
    for (const int64_t part : {1, 2, 5}) {
      if (fits(decade * part)) return decade * part;
    }
  }
  for (const int64_t unit : {kSecond, 60 * kSecond}) {
    for (const int64_t part : {1, 2, 5, 10, 15, 30}) {
      if (fits(unit * part)) return unit * part;
    }
  }
  for (const int64_t hours : {1, 2, 4, 8, 12}) {
    if (fits(hours * kHour)) return hours * kHour;
  }
  int64_t days = 24 * kHour;
  while (!fits(days)) days *= 2;
  return days;
}

std::string tick_label(int64_t at) { return at == 0 ? "0" : span_in_words(at); }

double place(int64_t at, int64_t end) { return kNames + static_cast<double>(at) / static_cast<double>(end) * kPlot; }

// Cut behind whole characters.
std::string short_name(const std::string& name) {
  size_t characters = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0U) == 0x80U) continue;
    if (++characters == kNameMax) return name.substr(0, i) + "…";
  }
  return name;
}

std::string axis(int64_t end, int height) {
  std::string svg;
  const int64_t tick = tick_of(end);
  for (int64_t at = 0; at <= end; at += tick) {
    const double x = place(at, end);
    svg += fmt::format(R"(<line class="faint" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/>)", x, kTop, height);
    svg += fmt::format(R"(<text class="ink small" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x, height + 18,
                       html_text(tick_label(at)));
  }
  return svg + "\n";
}

std::string row_of(const PhaseChart::Row& row, int top, int64_t end) {
  std::string svg = fmt::format(R"(<text class="ink" x="{}" y="{}" text-anchor="end">{}</text>)", kNames - 10,
                                top + kBar - 3, html_text(short_name(row.name)));
  double behind = kNames;
  for (const PhaseChart::Bar& bar : row.bars) {
    const double begin = place(bar.begin, end);
    const double width = std::max(kBarLeast, place(bar.begin + bar.length, end) - begin);
    svg += fmt::format(R"(<rect class="phase-{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>)", bar.phase, begin,
                       top, width, kBar);
    behind = std::max(behind, begin + width);
  }
  svg +=
      fmt::format(R"(<text class="ink" x="{:.1f}" y="{}">{}</text>)", behind + 6, top + kBar - 3, html_text(row.note));
  return svg + "\n";
}

std::string legend(int top) {
  std::string svg;
  const std::vector<Phase>& phases = phases_in_order();
  for (size_t i = 0; i < phases.size(); ++i) {
    const size_t x = i * (kWidth / phases.size());
    svg += fmt::format(R"(<rect class="phase-{}" x="{}" y="{}" width="12" height="12"/>)", i, x, top);
    svg += fmt::format(R"(<text class="ink small" x="{}" y="{}">{}</text>)", x + 18, top + 10, phases[i].name);
  }
  return svg + "\n";
}

}  // namespace

const std::vector<Phase>& phases_in_order() {
  static const std::vector<Phase> kPhases = {{"detection", "from the event until it was received"},
                                             {"evaluation", "until the plan was decided"},
                                             {"response", "until the first effect was applied"},
                                             {"recovery", "until the last effect was applied"},
                                             {"confirmation", "until it was read back as it should be"}};
  return kPhases;
}

PhaseChart chart_of_phases(const Json& phases) {
  PhaseChart chart;
  chart.title = "The five phases, in the order in which they passed";
  int64_t begin = 0;
  for (size_t i = 0; i < phases_in_order().size(); ++i) {
    const char* const name = phases_in_order()[i].name;
    const auto found = phases.is_object() ? phases.find(name) : phases.end();
    if (found == phases.end() || !found->is_number_integer()) continue;
    const int64_t length = std::max<int64_t>(0, found->get<int64_t>());
    chart.rows.push_back({name, span_in_words(length), {{i, begin, length}}});
    chart.told += fmt::format("{}{} {}", chart.told.empty() ? "" : ", ", name, span_in_words(length));
    begin += length;
  }
  if (!chart.told.empty()) chart.told += fmt::format("; {} together.", span_in_words(begin));
  return chart;
}

int64_t axis_end(const PhaseChart& chart) {
  int64_t end = 1;
  for (const PhaseChart::Row& row : chart.rows) {
    for (const PhaseChart::Bar& bar : row.bars) end = std::max(end, bar.begin + bar.length);
  }
  return end;
}

std::string to_svg(const PhaseChart& chart, const std::string& id) {
  const int64_t end = axis_end(chart);
  const int height = kTop + kRow * static_cast<int>(chart.rows.size());
  const int total = height + kAxis + (chart.legend ? kLegend : 0);
  std::string svg = fmt::format(
      R"(<svg role="img" aria-labelledby="{0}-title {0}-told" viewBox="0 0 {1} {2}" xmlns="http://www.w3.org/2000/svg">
<title id="{0}-title">{3}</title>
<desc id="{0}-told">{4}</desc>
)",
      html_text(id), kWidth, total, html_text(chart.title), html_text(chart.told));
  svg += axis(end, height);
  for (size_t i = 0; i < chart.rows.size(); ++i) {
    svg += row_of(chart.rows[i], kTop + static_cast<int>(i) * kRow + (kRow - kBar) / 2, end);
  }
  if (chart.legend) svg += legend(height + kAxis);
  return svg + "</svg>\n";
}

std::vector<std::string> to_text_bars(const PhaseChart& chart) {
  constexpr int64_t kColumns = 48;
  const int64_t end = axis_end(chart);
  const auto column = [&](int64_t at) {
    return static_cast<int64_t>(static_cast<double>(at) / static_cast<double>(end) * kColumns);
  };
  std::vector<std::string> lines;
  for (const PhaseChart::Row& row : chart.rows) {
    std::string bars;
    int64_t reached = 0;
    for (const PhaseChart::Bar& bar : row.bars) {
      const int64_t from = std::max(reached, std::min(column(bar.begin), kColumns - 1));
      const int64_t to = std::max(from + 1, column(bar.begin + bar.length));
      bars += std::string(static_cast<size_t>(from - reached), ' ');
      for (int64_t i = from; i < to; ++i) bars += "█";
      reached = to;
    }
    lines.push_back(fmt::format("{:<22} {} {}", short_name(row.name), bars, row.note));
  }
  return lines;
}

}  // namespace kedge
