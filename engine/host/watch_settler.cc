#include "host/watch_settler.h"

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

constexpr size_t kLookBytes = 400;  // of a pending look, beside its path

size_t level_of(std::string_view path) {
  return path == "/" ? 0 : static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
}

size_t bytes_of(const std::string& path) { return path.size() + kLookBytes; }

void add_reason(PathLook& look, Doubt::Reason reason) {
  if (std::find(look.doubts.begin(), look.doubts.end(), reason) == look.doubts.end()) look.doubts.push_back(reason);
}

void add_actor(PathLook& look, const std::shared_ptr<const ProcessActor>& actor) {
  if (actor == nullptr || look.actors.size() == PathLook::kActorsMax) return;
  for (const auto& known : look.actors) {
    if (known == actor || *known == *actor) return;
  }
  look.actors.push_back(actor);
}

}  // namespace

Settler::Settler(std::vector<std::string> roots, Options options) : roots_(std::move(roots)), options_(options) {}

void Settler::add(Notices notices, Duration now) {
  for (Sighting& one : notices.sightings) {
    const bool tree = one.directory && (one.changes & ~Changes{kAttributes}) != 0;
    if (!one.moved_from.empty()) {
      const auto left = note(one.moved_from, tree, now);
      if (left->first == one.moved_from) left->second.look.changes |= kMoved;
      add_actor(left->second.look, one.actor);
    }
    const auto at = note(one.path, tree, now);
    PathLook& look = at->second.look;
    add_actor(look, one.actor);
    if (at->first != one.path) continue;  // it is told of a tree above
    look.changes |= one.changes;
    if (!one.moved_from.empty()) look.moved_from = std::move(one.moved_from);
  }
  for (const Doubt& doubt : notices.doubts) add_reason(note(doubt.path, true, now)->second.look, doubt.reason);
}

std::vector<PathLook> Settler::due(Duration now) {
  std::vector<PathLook> looks;
  while (!times_.empty() && times_.begin()->first <= now) {
    Looks::value_type& first = *times_.begin()->second;
    if (due_at(first.second.look) > now) {
      schedule(first);
      continue;
    }
    looks.push_back(std::move(first.second.look));
    looks.back().path = first.first;
    forget(looks_.find(first.first));
  }
  return looks;
}

std::optional<Duration> Settler::next() const {
  return times_.empty() ? std::nullopt : std::optional(times_.begin()->first);
}

// What is told of this path: its own look, or that of a tree that it lies in.
Settler::Looks::iterator Settler::note(const std::string& path, bool tree, Duration now) {
  auto at = looks_.lower_bound(path);
  // Below a tree nothing is pending: if one is above, it is the one right before.
  const bool covered = at != looks_.begin() && std::prev(at)->second.look.tree && lies_in(path, std::prev(at)->first);
  if (covered) {
    --at;
  } else if (at == looks_.end() || at->first != path) {
    bytes_ += bytes_of(path);
    at = looks_.emplace_hint(at, path, Pending{});
    at->second.look.first = now;
    at->second.at = now + std::min(options_.window, options_.ceiling);
    times_.insert({at->second.at, &*at});
  }
  at->second.look.last = now;
  if (tree && !at->second.look.tree) {
    at->second.look.tree = true;
    take_all_below(at);
  }
  if (bytes_ > options_.bytes_max && fold()) return note(path, tree, now);
  return at;
}

void Settler::take_all_below(Looks::iterator tree) {
  PathLook& look = tree->second.look;
  for (auto next = std::next(tree); next != looks_.end() && lies_in(next->first, tree->first); next = std::next(tree)) {
    const PathLook& below = next->second.look;
    look.first = std::min(look.first, below.first);
    look.last = std::max(look.last, below.last);
    for (const auto reason : below.doubts) add_reason(look, reason);
    for (const auto& actor : below.actors) add_actor(look, actor);
    forget(next);
  }
  if (due_at(look) < tree->second.at) schedule(*tree);
}

void Settler::forget(Looks::iterator one) {
  times_.erase({one->second.at, &*one});
  bytes_ -= bytes_of(one->first);
  looks_.erase(one);
}

void Settler::schedule(Looks::value_type& one) {
  times_.erase({one.second.at, &one});
  one.second.at = due_at(one.second.look);
  times_.insert({one.second.at, &one});
}

Duration Settler::due_at(const PathLook& look) const {
  return std::min(look.last + options_.window, look.first + options_.ceiling);
}

// Finds the deepest level at which half as many looks are left when all that lies deeper, and not alone, becomes a tree
// there. False: nothing can be put together any more.
bool Settler::fold() {
  size_t level = 0;
  for (const auto& [path, pending] : looks_) level = std::max(level, level_of(path));
  for (size_t left = looks_.size(); level > 0 && left * 2 > looks_.size();) {
    --level;
    left = 0;
    std::string_view last;
    for (const auto& [path, pending] : looks_) {
      const std::string_view directory = cut(path, level);
      if (directory != last) ++left;
      last = directory;
    }
  }
  const size_t before = looks_.size();
  for (auto one = looks_.begin(); one != looks_.end();) {
    const std::string directory(cut(one->first, level));
    auto next = std::next(one);
    if (next == looks_.end() || cut(next->first, level) != directory) {
      one = next;
      continue;
    }
    if (one->first != directory) {
      const PathLook first = one->second.look;
      bytes_ += bytes_of(directory);
      one = looks_.emplace_hint(one, directory, Pending{});
      one->second.look.first = first.first;
      one->second.look.last = first.last;
      schedule(*one);
    }
    one->second.look.tree = true;
    add_reason(one->second.look, Doubt::Reason::crowded);
    take_all_below(one);
    ++one;
  }
  return looks_.size() < before;
}

// A path no deeper than `level`, but within its root.
std::string_view Settler::cut(std::string_view path, size_t level) const {
  const auto root = std::find_if(roots_.begin(), roots_.end(), [&](const auto& one) { return lies_in(path, one); });
  if (root != roots_.end()) level = std::max(level, level_of(*root));
  if (level == 0) return "/";
  size_t end = 0;
  for (size_t i = 0; i <= level && end != std::string_view::npos; ++i) end = path.find('/', i == 0 ? 0 : end + 1);
  return path.substr(0, end);
}

bool Settler::PathOrder::operator()(std::string_view left, std::string_view right) const {
  const auto [one, other] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (other == right.end()) return false;
  if (one == left.end()) return true;
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return rank(*one) < rank(*other);
}

}  // namespace kedge
