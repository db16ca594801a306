// RandomOperations: what a seed says is done to a tree of files: all that a system call can do to names, and a place
// outside of the tree, from which things come and to which they go.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"

namespace kedge {

class RandomOperations {
 public:
  // Makes both directories. `random` outlives it, and may be asked for other things in between.
  RandomOperations(Random& random, std::string root, std::string outside);
  ~RandomOperations();
  RandomOperations(const RandomOperations&) = delete;
  RandomOperations& operator=(const RandomOperations&) = delete;

  // One of them. It may be impossible; then nothing happens.
  void operate();
  void touch_everywhere();

  // The last ones, a line each; with what others note between them.
  std::string last() const;
  void note(const std::string& what);
  void forget() { last_.clear(); }

 private:
  std::string name();
  std::string directory();
  std::string any();
  void told(const std::string& what, const std::string& one, const std::string& other = "");
  static bool has_names(const std::string& path);
  static bool is_fifo(const std::string& path);
  void write_file();
  void append();
  void make_directory();
  void make_path();
  void move();
  void exchange();
  void remove();
  void remove_all();
  void change_mode();
  void change_owner();
  void lend_capability();
  void make_fifo();
  void link_symbolically();
  void link_hard();
  void save();
  void write_nameless();
  void keep_open();
  void write_open();
  void close_open();
  void make_again();
  void move_back_and_forth();
  void write_number(int file);

  Random& random_;
  // Whether files get several names; then none is kept open, to be written by a name that it may have no more.
  const bool links_ = random_.below(2) == 0;
  const std::string root_;
  const std::string outside_;
  std::vector<int> open_;
  std::deque<std::string> last_;
};

}  // namespace kedge
