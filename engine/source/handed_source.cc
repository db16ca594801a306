#include "source/handed_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/id.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using State = PartitionStatus::State;

constexpr Duration kLook = milliseconds(50);    // how often it is looked whether to go on waiting
constexpr Duration kForRoom = milliseconds(5);  // how often a full lane is tried again
constexpr size_t kMarkBytesMax = 4096;

Error stopping() { return {ErrorCode::unavailable, "the engine is stopping"}; }

}  // namespace

HandedSource::HandedSource(Options options, const Lanes& lanes, Positions& positions, Clock& clock, Random& random)
    : options_(std::move(options)),
      lanes_(lanes),
      lane_(std::hash<std::string>()(options_.name) % lanes.size()),
      positions_(positions),
      clock_(clock),
      random_(random),
      partition_{options_.name, options_.topic, 0} {
  counters_.members_known = true;  // nobody else can be there
  publish();
}

HandedSource::Taken HandedSource::hand_in(std::span<const SourceMessage> events, const std::stop_token& stop) {
  const std::lock_guard turn(turn_);
  size_t decided = 0;
  while (decided < events.size()) {
    if (auto stands = stand(); !stands) return {decided, stands.error()};
    decided += decided_already(events.subspan(decided));
    const Taken taken = pass_on(events.subspan(decided), stop);
    decided += taken.events;
    if (taken.error) return {decided, taken.error};
  }
  return {decided, std::nullopt};
}

void HandedSource::attend() {
  const std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn) return;
  if (const auto stands = stand(); !stands) spdlog::debug("source {}: {}", name(), stands.error().message);
}

// ---- where it stands -----------------------------------------------------------------------------------------------

Result<void> HandedSource::stand() {
  hear(Duration{0});
  if (over_) return stopping();
  if (assignment_ != nullptr) return {};
  auto begun = stopped_ ? Result<void>(Error{ErrorCode::refused, problem_}) : begin();
  if (!begun && problem_ != begun.error().message) {
    problem_ = begun.error().message;
    spdlog::warn("source {}: {}", name(), problem_);
  }
  publish();
  return begun;
}

// A claim is refused when a batch of a former assignment moved the position between the question and the claim.
Result<void> HandedSource::begin() {
  constexpr int kTriesMax = 10;
  for (int tries = 1;; ++tries) {
    const auto known = facts();
    if (!known) return known.error();
    const auto decision = start_of_handing(*known);
    if (const auto* stay = std::get_if<StayStopped>(&decision)) return stay_stopped(stay->notice);
    auto claimed = claim(*known, std::get<HandedStart>(decision));
    if (claimed || claimed.error().code != ErrorCode::conflict || tries == kTriesMax) return claimed;
  }
}

// The mark is read before the ledger, which goes on meanwhile, and so is never taken for an older one.
Result<HandedFacts> HandedSource::facts() const {
  HandedFacts facts{.partition = partition_,
                    .ledger = positions_.ledger_id(),
                    .place = "",
                    .position = std::nullopt,
                    .mark = std::nullopt,
                    .mark_file = options_.mark_file,
                    .permission = permission_};
  const auto text = read_file(options_.mark_file, kMarkBytesMax);
  if (!text && text.error().code != ErrorCode::not_found) return text.error();
  if (text) facts.mark = parse_mark(*text);
  const auto positions = positions_.find({&partition_, 1});
  if (!positions) return positions.error();
  facts.position = positions->front();
  const bool is_named = facts.mark && !facts.mark->place.empty();
  facts.place = is_named ? facts.mark->place : make_uuid7(clock_.now(), random_);
  return facts;
}

Result<void> HandedSource::claim(const HandedFacts& facts, const HandedStart& start) {
  const PositionClaim claim{partition_, facts.position, start.wanted, start.notice};
  const auto epochs = positions_.claim({&claim, 1});
  if (!epochs) return epochs.error().with("claiming the position of source " + options_.name);
  if (start.notice) spdlog::warn("{}", start.notice->text);
  assignment_ = std::make_shared<Assignment>();
  assignment_->partition = partition_;
  assignment_->cluster = facts.place;
  assignment_->epoch = epochs->front();
  assignment_->lane = lane_;
  place_ = facts.place;
  epoch_ = epochs->front();
  known_ = start.check ? start.wanted.bookmark : std::nullopt;
  handed_ = committed_ = start.wanted.next;
  marked_ = -1;
  permission_ = Permission::none;
  stopped_ = false;
  problem_.clear();
  announced_.clear();
  doubt_.clear();
  keep_mark();  // so that it shows at once whose it is
  return {};
}

// On record once for as long as it stays the same; what the ledger does not take is asked about again.
Error HandedSource::stay_stopped(const ReadingNotice& notice) {
  stopped_ = true;
  problem_ = notice.text;
  permission_ = Permission::none;
  doubt_ = notice.kind == ReadingNotice::Kind::ledger_behind ? notice.text : "";
  if (announced_ != notice.text) {
    spdlog::error("{}", notice.text);
    if (auto recorded = positions_.record(notice); recorded) {
      announced_ = notice.text;
    } else {
      stopped_ = false;
      spdlog::error("{}: not recorded yet: {}", to_string(partition_), recorded.error().message);
    }
  }
  return {ErrorCode::refused, notice.text};
}

// Behind the ledger, and before anybody lets go of what was decided.
void HandedSource::keep_mark() {
  if (marked_ == committed_) return;
  const DecidedMark mark{place_, positions_.ledger_id(), epoch_, committed_};
  if (const auto written = write_file_atomically(options_.mark_file, format_mark(mark), 0600); !written) {
    spdlog::warn("source {}: a ledger that is older than the world might not be recognised: {}", name(),
                 written.error().message);
    return;
  }
  marked_ = committed_;
}

// ---- events --------------------------------------------------------------------------------------------------------

// The first of them, up to the event that the ledger's bookmark names: they come again because nobody heard of their
// commit.
size_t HandedSource::decided_already(std::span<const SourceMessage> events) {
  if (!known_) return 0;
  const Digest digest = std::exchange(known_, std::nullopt)->digest;
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const SourceMessage& event) { return sha256(event.value) == digest; });
  if (found == events.end()) return 0;
  const auto count = static_cast<size_t>(found - events.begin()) + 1;
  counters_.repeated += count;
  return count;
}

// Until all are committed, or the assignment is lost: what of them is not decided by then is for another try.
HandedSource::Taken HandedSource::pass_on(std::span<const SourceMessage> events, const std::stop_token& stop) {
  const int64_t begin = committed_;
  const auto decided = [&] { return static_cast<size_t>(committed_ - begin); };
  while (assignment_ != nullptr && decided() < events.size()) {
    if (stop.stop_requested() || over_ || mailbox().closed()) break;
    const auto given = static_cast<size_t>(handed_ - begin);
    if ((open_ || given < events.size()) && give(events.subspan(given))) continue;
    hear(is_full_ ? kForRoom : kLook);
  }
  keep_mark();
  std::optional<Error> why;
  if (assignment_ != nullptr && decided() < events.size()) {
    disown();
    why = stopping();
  } else if (stopped_) {
    why = Error{ErrorCode::refused, problem_};
  }
  publish();
  return {decided(), std::move(why)};
}

// The next batch to the lane. False: it is full.
bool HandedSource::give(std::span<const SourceMessage> events) {
  if (!open_) {
    const Time now = std::chrono::floor<milliseconds>(clock_.now());
    open_.emplace(this, assignment_, handed_);
    for (const SourceMessage& event : events) {
      SourceMessage numbered = event;
      numbered.offset = handed_++;
      numbered.timestamp = now;
      open_->append(numbered);
      ++counters_.messages, counters_.bytes += event.value.size();
      if (open_->bytes() >= options_.batch_bytes_max) break;
    }
    open_->seal(clock_.now());
  }
  const size_t weight = open_->bytes();
  const bool was_full = std::exchange(is_full_, !mailbox().try_put(std::move(*open_), weight));
  if (!is_full_) open_.reset();
  if (is_full_ && !was_full) ++counters_.pauses;
  if (is_full_ != was_full) publish();
  return !is_full_;
}

// What was given and is not decided comes again.
void HandedSource::disown() {
  if (assignment_ != nullptr) assignment_->revoked = true;
  assignment_.reset();
  open_.reset();
  is_full_ = false;
}

// ---- what others say -----------------------------------------------------------------------------------------------

void HandedSource::hear(Duration timeout) {
  for (const Command& command : commands_.take_all(timeout)) {
    std::visit([this](const auto& each) { on(each); }, command);
  }
}

void HandedSource::on(const Committed& command) {
  if (command.assignment == assignment_) committed_ = std::max(committed_, command.next);
}

void HandedSource::on(const Hold& command) {
  if (command.assignment != assignment_) return;
  spdlog::error("source {}: {} is not read any more: {}", name(), to_string(partition_), command.why);
  disown();
  stopped_ = true;
  problem_ = command.why;
}

void HandedSource::on(const Reconsider& command) {
  disown();
  stopped_ = false;
  permission_ = command.permission;
}

void HandedSource::committed(const std::shared_ptr<const Assignment>& assignment, int64_t next) {
  commands_.put(Committed{assignment, next});
}

void HandedSource::hold(const std::shared_ptr<const Assignment>& assignment, std::string why) {
  commands_.put(Hold{assignment, std::move(why)});
}

void HandedSource::reconsider(std::string_view topic, int32_t partition, Permission permission) {
  if (topic == partition_.topic && partition == partition_.partition) commands_.put(Reconsider{permission});
}

bool HandedSource::stop(Duration /*deadline*/) {
  over_ = true;
  commands_.wake();
  return true;
}

// ---- how it stands -------------------------------------------------------------------------------------------------

void HandedSource::publish() {
  SourceStatus status = counters_;
  PartitionStatus partition;
  partition.partition = partition_;
  partition.state = stopped_                 ? State::stopped
                    : assignment_ == nullptr ? State::asking
                    : is_full_               ? State::paused
                                             : State::reading;
  partition.problem = problem_;
  partition.lane = lane_;
  partition.epoch = assignment_ == nullptr ? 0 : assignment_->epoch;
  partition.read = handed_;
  partition.committed = committed_;
  partition.messages = counters_.messages;
  partition.bytes = counters_.bytes;
  status.reading = assignment_ != nullptr;
  if (!problem_.empty()) status.problems.push_back(problem_);
  status.partitions.push_back(std::move(partition));
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
  published_doubt_ = doubt_;
}

SourceStatus HandedSource::status() const {
  const std::lock_guard lock(status_mutex_);
  SourceStatus status = status_;
  status.last_turn = clock_.elapsed();  // it has no loop that could hang
  return status;
}

std::optional<std::string> HandedSource::ledger_in_doubt() const {
  const std::lock_guard lock(status_mutex_);
  return published_doubt_.empty() ? std::nullopt : std::optional(published_doubt_);
}

}  // namespace kedge
