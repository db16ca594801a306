// kedge match, as it is typed: what it reads, when it answers, what it ends with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <thread>

#include "app/input.h"
#include "base/waiting.h"
#include "tests/app/typed.h"

namespace kedge {
namespace {

using testing::HasSubstr;

constexpr const char* kPatterns = R"({"name":"one","pattern":{"a":[1]}}
{"name":"two","pattern":{"a":[2]}}
)";
constexpr const char* kOne = "{\"matches\":[\"one\"]}\n";
constexpr const char* kTwo = "{\"matches\":[\"two\"]}\n";
constexpr std::chrono::seconds kPatience(60);

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  std::string unpacked = text;
  stream.next_in = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_in = static_cast<uInt>(unpacked.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class MatchCommand : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    write("patterns", kPatterns);
  }
};

// The command in a thread of its own, on a pipe.
class Piped {
 public:
  explicit Piped(std::vector<std::string> words) : words_(std::move(words)) {
    EXPECT_EQ(pipe(ends_), 0);
    thread_ = std::jthread([this] { run(); });
  }
  ~Piped() { close(); }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;

  void send(const std::string& bytes) {
    EXPECT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  std::string answer() { return answers_.take(kPatience).value_or("nothing in time"); }

  // The exit code.
  int close() {
    if (thread_.joinable()) {
      ::close(ends_[1]);
      thread_.join();
    }
    return exit_code_;
  }

 private:
  // What is flushed is an answer.
  class Answers : public std::stringbuf {
   public:
    explicit Answers(Mailbox<std::string>& box) : box_(box) {}
    int sync() override {
      if (!str().empty()) box_.put(str());
      str("");
      return 0;
    }

   private:
    Mailbox<std::string>& box_;
  };

  void run() {
    InputBuffer input(ends_[0]);
    std::istream in(&input);
    Answers answers(answers_);
    std::ostream out(&answers);
    std::ostringstream err;
    Shell shell{in, out, err, {}, "tester"};
    std::vector<const char*> arguments = {"kedge", "match"};
    for (const std::string& word : words_) arguments.push_back(word.c_str());
    exit_code_ = run_command_line(static_cast<int>(arguments.size()), arguments.data(), shell);
    out.flush();
  }

  const std::vector<std::string> words_;
  int ends_[2] = {-1, -1};
  Mailbox<std::string> answers_{1000};
  int exit_code_ = -1;
  std::jthread thread_;
};

TEST_F(MatchCommand, AnswersAnEventOfAPipeAtOnce) {
  for (const char* threads : {"1", "3"}) {
    Piped command({"--patterns", path("patterns"), "--threads", threads, "-"});
    command.send("{\"a\":1}\n");
    EXPECT_EQ(command.answer(), kOne);
    command.send("{\"a\":");
    command.send("2}\n{\"a\":1}\n{\"a");
    EXPECT_EQ(command.answer(), std::string(kTwo) + kOne);
    command.send("\":2}");  // without an end of its line: the end of all is one
    EXPECT_EQ(command.close(), kGood);
    EXPECT_EQ(command.answer(), kTwo);
  }
}

TEST_F(MatchCommand, AnswersAnEventOfAPackedPipeWhenAllOfItIsThere) {
  const std::string first = gzip("{\"a\":1}\n");
  Piped command({"--patterns", path("patterns"), "-"});
  command.send(first.substr(0, 1));
  command.send(first.substr(1));
  EXPECT_EQ(command.answer(), kOne);
  command.send(gzip("{\"a\":2}\n"));  // another frame
  EXPECT_EQ(command.answer(), kTwo);
  EXPECT_EQ(command.close(), kGood);
}

TEST_F(MatchCommand, SaysThatPackedInputIsCutOff) {
  Piped command({"--patterns", path("patterns")});
  const std::string packed = gzip("{\"a\":1}\n");
  command.send(packed.substr(0, packed.size() - 1));
  EXPECT_EQ(command.answer(), kOne);
  EXPECT_EQ(command.close(), kFoundWrong);
}

TEST_F(MatchCommand, ReadsFilesPackedOrNot) {
  write("events", "{\"a\":1}\n{\"a\":2}\n");
  write("events.gz", gzip("{\"a\":1}\n") + gzip("{\"a\":2}\n") + "what gzip ignores");
  for (const char* events : {"@events", "@events.gz"}) {
    const Typed typed = type("match --patterns @patterns " + std::string(events));
    EXPECT_EQ(typed.exit_code, kGood);
    EXPECT_EQ(typed.out, std::string(kOne) + kTwo);
    EXPECT_EQ(typed.err, "");
  }
  std::string damaged = gzip("{\"a\":1}\n");
  damaged[damaged.size() - 6] ^= 1;  // of its checksum
  write("damaged.gz", damaged);
  const Typed typed = type("match --patterns @patterns @damaged.gz");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_EQ(typed.err, "kedge: @damaged.gz cannot be read to its end: no file, damaged or cut off\n");
  EXPECT_EQ(type("match --patterns @patterns @missing").exit_code, kUsedWrongly);
}

TEST_F(MatchCommand, KeepsTheOrderWhateverTheThreads) {
  std::string events;
  std::string expected;
  for (size_t i = 0; i < 200'000; ++i) {
    events += i % 3 == 0 ? "{\"a\":1,\"b\":\"some text that makes it longer\"}\n" : "{\"a\":2}\n";
    expected += i % 3 == 0 ? kOne : kTwo;
  }
  write("events", events + "{\n");
  write("events.gz", gzip(events + "{\n"));
  for (const char* rest : {"--threads 1 @events", "--threads 5 @events", "--threads 2 @events.gz"}) {
    const Typed typed = type("match --patterns @patterns " + std::string(rest));
    EXPECT_TRUE(typed.out == expected + "{\"matches\":[]}\n") << rest;
    EXPECT_EQ(typed.err, "events line 200001: byte 1: expected a key in quotes\n") << rest;
    EXPECT_EQ(typed.exit_code, kFoundWrong) << rest;
  }
  const Typed counted = type("match --patterns @patterns --count --threads 4 @events");
  EXPECT_THAT(counted.out, HasSubstr("{\"events\":200001,\"invalid\":1,\"seconds\":"));
  EXPECT_THAT(counted.out, HasSubstr(",\"matches\":{\"one\":66667,\"two\":133333}}\n"));
}

TEST_F(MatchCommand, EndsWhereNobodyTakesTheAnswers) {
  std::istringstream in("{\"a\":1}\n");
  std::ofstream full("/dev/full");
  std::ostringstream err;
  Shell shell{in, full, err, {}, "tester"};
  const std::string patterns = path("patterns");
  const char* arguments[] = {"kedge", "match", "--patterns", patterns.c_str()};
  EXPECT_EQ(run_command_line(4, arguments, shell), kFoundWrong);
  EXPECT_THAT(err.str(), HasSubstr("cannot write what matches"));
}

TEST_F(MatchCommand, TakesExtrasOnlyWhereTheyAreAskedFor) {
  write("networks", "10.0.0.0/8  # ours\n\n");
  write("patterns", R"({"name":"regex","pattern":{"a":[{"regex":"^x+$"}]}}
{"name":"list","pattern":{"a":[{"cidr":["10.0.0.0/8","192.168.0.0/16"]}]}}
{"name":"file","pattern":{"a":[{"cidr":{"file":")" +
                        path("networks") + R"("}}]}}
{"name":"field","pattern":{"b":[{"numeric":[">",{"field":"c"}]}]}}
)");
  write("events",
        "{\"a\":\"xx\"}\n{\"a\":\"10.1.1.1\"}\n{\"a\":\"192.168.1.1\"}\n{\"b\":2,\"c\":1}\n{\"b\":1,\"c\":2}\n");
  const Typed with = type("match --extras --patterns @patterns @events");
  EXPECT_EQ(with.err, "");
  EXPECT_EQ(with.out,
            "{\"matches\":[\"regex\"]}\n{\"matches\":[\"file\",\"list\"]}\n{\"matches\":[\"list\"]}\n"
            "{\"matches\":[\"field\"]}\n{\"matches\":[]}\n");
  EXPECT_EQ(with.exit_code, kGood);
  const Typed without = type("match --count --patterns @patterns @events");
  EXPECT_THAT(without.out, HasSubstr("\"matches\":{}}"));
  EXPECT_EQ(std::count(without.err.begin(), without.err.end(), '\n'), 4) << without.err;
  EXPECT_EQ(without.exit_code, kFoundWrong);
}

}  // namespace
}  // namespace kedge
