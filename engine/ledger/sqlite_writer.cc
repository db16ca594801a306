#include "ledger/sqlite_writer.h"

#include <algorithm>

#include "base/json.h"

namespace kedge {
namespace {

constexpr int64_t kBiteLeast = 64;  // rows
constexpr int64_t kHoursADay = 24;

}  // namespace

Result<Answer> SqliteWriter::apply(const Change& change) {
  runnable_.clear();
  more_.clear();
  may_wake_ = options_.resumed_at_once;
  notices_ = 0;
  Result<Answer> result = std::visit([&](const auto& one) { return on(one); }, change);
  if (!result) return result;
  result->runnable = std::move(runnable_);
  result->more = std::move(more_);
  result->notices = notices_;
  result->seq = head_;
  return result;
}

int64_t SqliteWriter::write(Record record) {
  const Sealed sealed = seal(std::move(record), head_ + 1, at_, options_.record_bytes_max);
  for (const std::string& part : sealed.parts) tables_.put_blob(part, today());
  tables_.append(head_ + 1, sealed.bytes);
  return ++head_;
}

void SqliteWriter::send(const std::vector<Notice>& notices) {
  for (const Notice& notice : notices) tables_.put(notice);
  notices_ += static_cast<int64_t>(notices.size());
}

// Of a rule's notices. Beyond a number they are folded into a digest.
void SqliteWriter::send(const std::vector<Notice>& notices, const std::string& rule, Duration throttle) {
  const NoticePace pace = throttle == Duration{} ? options_.notices : NoticePace{1, throttle};
  for (const Notice& notice : notices) {
    Throttle told = tables_.throttle(rule, notice.channel, kind_of(notice))
                        .value_or(Throttle{rule, notice.channel, kind_of(notice), Time{}, 0, 0});
    if (goes_alone(told, pace, at_)) {
      send({notice});
    } else if (auto digest = tables_.notice(told.digest)) {
      fold_into(*digest, notice);
      tables_.replace(*digest);
    } else {
      told.digest = tables_.put(digest_of(notice, told.until));
      ++notices_;
    }
    tables_.put(told);
  }
}

// A table that grows has a key that begins with its day, then goes on with a column that cuts the day into bites: the
// rows up to the n-th of what is left of the oldest day go. Each table has its turn at every seventh group, so a bite
// is larger than seven times what a group like this one adds.
void SqliteWriter::prune(int64_t written) {
  const int64_t rows = kBiteLeast + 8 * written;
  const int64_t seen = first_day(options_.seen_for);
  const int64_t horizon = first_day(options_.undo_horizon);
  switch (bites_++ % 7) {
    case 0:
      return db_.run(
          "WITH oldest AS (SELECT min(day) AS day FROM seen WHERE day < ?1) DELETE FROM seen"
          " WHERE day = (SELECT day FROM oldest) AND key <= (SELECT max(key) FROM"
          " (SELECT key FROM seen WHERE day = (SELECT day FROM oldest) ORDER BY key LIMIT ?2))",
          seen, rows);
    case 1:
      return db_.run(
          "WITH oldest AS (SELECT min(day) AS day FROM ended WHERE day < ?1) DELETE FROM ended"
          " WHERE day = (SELECT day FROM oldest) AND id <= (SELECT max(id) FROM"
          " (SELECT id FROM ended WHERE day = (SELECT day FROM oldest) ORDER BY id LIMIT ?2))",
          horizon, rows);
    case 2:  // fewer: each may be large
      return tables_.prune_blobs(horizon, rows / 4, today());
    case 3:
      return db_.run(
          "WITH oldest AS (SELECT min(day) AS day FROM attempt WHERE day < ?1) DELETE FROM attempt"
          " WHERE day = (SELECT day FROM oldest) AND mark <= (SELECT max(mark) FROM"
          " (SELECT mark FROM attempt WHERE day = (SELECT day FROM oldest) ORDER BY mark LIMIT ?2))",
          horizon, rows);
    case 4:
      return db_.run(
          "WITH oldest AS (SELECT min(day) AS day FROM attempt_request WHERE day < ?1) DELETE FROM attempt_request"
          " WHERE day = (SELECT day FROM oldest) AND request_id <= (SELECT max(request_id) FROM"
          " (SELECT request_id FROM attempt_request WHERE day = (SELECT day FROM oldest) ORDER BY request_id LIMIT "
          "?2))",
          horizon, rows);
    case 5:
      return db_.run("DELETE FROM touched WHERE key IN (SELECT key FROM touched WHERE day < ?1 LIMIT ?2)",
                     today() - kDaysTouched, rows);
    default:
      return db_.run("DELETE FROM counter WHERE hour = (SELECT min(hour) FROM counter WHERE hour < ?)",
                     horizon * kHoursADay);
  }
}

void SqliteWriter::let_records_go(int64_t written) {
  if (!options_.published) return;
  const Time horizon{std::chrono::days(first_day(options_.journal_horizon))};
  tables_.let_records_go(std::min(options_.published() - 1, head_), horizon, records_to_let_go(written));
}

}  // namespace kedge
