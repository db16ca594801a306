#include "host/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "tests/host/some_tree.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = sha256("").hex();
const std::string kWorked =
    "#mtree\n"
    "#kedge baseline 1\n"
    "#exclude var/log/\\052\n"
    "#accepted time=2026-11-29T16:00:00.000000Z owner=alice reason=a\\040new\\040key previous=" +
    kDigest +
    " differences=1 path=etc\n"
    ". type=dir uid=0 gid=0 mode=0755\n"
    "./bin type=link uid=0 gid=0 mode=0777 time=1700000000.000000001 link=usr/bin\n"
    "./etc type=dir uid=0 gid=0 mode=0755\n"
    "./etc/a\\012b type=file uid=0 gid=10 mode=4755 nlink=1 size=0 time=0.000000000 sha256digest=" +
    kDigest +
    "\n"
    "#capability 01000002\n"
    "./etc/shadow type=file uid=0 gid=0 mode=0600 nlink=1 size=9 time=-1.000000000\n"
    "#unread\n"
    "./null type=char uid=0 gid=0 mode=0666 device=native,1,3\n"
    "#end 6\n";

SigningKey key_of(const std::string& name, char seed) {
  return SigningKey::from_seed(name, std::string(32, seed)).value();
}

std::string with(const std::string& what, const std::string& instead) {
  std::string text = kWorked;
  return text.replace(text.find(what), what.size(), instead);
}

TEST(Manifest, ReadsAndWritesTheWorkedExample) {
  const auto read = parse_manifest(kWorked, "m");
  ASSERT_TRUE(read) << read.error().message;
  const Manifest& manifest = read->manifest;
  EXPECT_EQ(to_text(manifest), kWorked);
  EXPECT_EQ(read->digest, sha256(kWorked));
  EXPECT_FALSE(read->note);
  EXPECT_THAT(manifest.excludes, ElementsAre("var/log/*"));
  ASSERT_EQ(manifest.acceptances.size(), 1U);
  EXPECT_EQ(manifest.acceptances[0].reason, "a new key");
  ASSERT_EQ(manifest.entries.size(), 6U);
  EXPECT_EQ(manifest.entries[3].path, "etc/a\nb");
  EXPECT_EQ(manifest.entries[3].mode, 04755U);
  EXPECT_EQ(manifest.entries[3].capabilities, std::string("\1\0\0\2", 4));
  EXPECT_TRUE(manifest.entries[4].unread);
  EXPECT_EQ(manifest.entries[4].mtime.seconds, -1);
}

// Those of before it was kept have none.
TEST(Manifest, KeepsWhoTypedAnAcceptance) {
  const std::string text = with("key previous", "key by=root\\040(uid\\0400) previous");
  const auto read = parse_manifest(text, "m");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->manifest.acceptances[0].by, "root (uid 0)");
  EXPECT_EQ(to_text(read->manifest), text);
  EXPECT_EQ(parse_manifest(kWorked, "m")->manifest.acceptances[0].by, "");
  EXPECT_FALSE(parse_manifest(with("key previous", "key by= previous"), "m"));
}

TEST(Manifest, OfATreeReadsBackAsItWas) {
  const SomeTree tree;
  Manifest manifest;
  manifest.entries = tree.states();
  manifest.all_file_systems = true;
  const std::string text = to_text(manifest);
  const auto read = parse_manifest(text, "m");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->manifest, manifest);
  EXPECT_TRUE(is_utf8(text));
}

TEST(Manifest, NamesTheLineThatIsWrong) {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "m:1: a baseline begins with"},
      {"#mtree\n#kedge baseline 2\n", "m:1: a baseline begins with"},
      {with("#exclude", "#exlude"), "m:3: '#exlude"},
      {with("\\052", "*"), "m:3: a name is not written"},
      {with("owner=", "opener="), "m:4: there is no word 'opener'"},
      {with(". type", "./ type"), "m:5: a path is ./NAME/NAME"},
      {with(". type=dir uid=0 gid=0 mode=0755\n", ""), "m:5: the root . stands first"},
      {with("./bin", "./../bin"), "m:6: a path is ./NAME/NAME"},
      {with("./bin", "./b\\000n"), "m:6: a path holds no byte of zero"},
      {with("./bin", "./b\\999n"), "m:6: a backslash is followed by three octal digits"},
      {with("./bin", "./\\142in"), "m:6: a name is not written"},
      {with("./bin", "/bin"), "m:6: a path begins with ./"},
      {with("./bin", "./zzz"), "m:7: paths are sorted"},
      {with("./etc/a", "./bin/a"), "m:8: paths are sorted"},
      {with("./etc ", "./bin/etc "), "m:7: what it lies in is no directory"},
      {with("type=link", "type=lnk"), "m:6: there is no type 'lnk'"},
      {with("mode=0777", "mode=777"), "m:6: the line is not written"},
      {with("mode=0777", "mode=10777"), "m:6: a mode is at most 7777"},
      {with("mode=0777", "mode=0888"), "m:6: '0888' is not a number"},
      {with("uid=0 gid=0 mode=0777", "gid=0 uid=0 mode=0777"), "m:6: the line is not written"},
      {with("uid=0", "uid=4294967296"), "m:5: '4294967296' is not a number"},
      {with("000001 link", "000001  link"), "m:6: '' is not KEY=VALUE"},
      {with(".000000001", ".1"), "m:6: the line is not written"},
      {with(".000000001", ".1000000000"), "m:6: a second has"},
      {with(" sha256digest=" + kDigest + "\n#cap", "\n#cap"), "m:10: the file above has no sha256digest"},
      {with("#capability 01", "#capability zz"), "m:9: a capability is hexadecimal"},
      {with("#unread", "#unread \n#unread"), "m:11: '#unread ' cannot stand here"},
      {with("device=native,1,3", "device=native,1"), "m:12: a device is native,MAJOR,MINOR"},
      {with("#end 6", "#end 5"), "m:13: 6 entries stand above"},
      {kWorked.substr(0, kWorked.find("#end")), "m:13: the text is cut off"},
      {kWorked.substr(0, kWorked.size() - 1), "m:13: the text is cut off"},
      {kWorked + "./more\n", "m:14: only the note follows"},
      {kWorked + "#note\n", "m:14: "},
  };
  for (const auto& wrong : cases) {
    const auto read = parse_manifest(wrong.text, "m");
    ASSERT_FALSE(read) << wrong.error;
    EXPECT_EQ(read.error().code, ErrorCode::invalid);
    EXPECT_THAT(read.error().message, StartsWith(wrong.error));
  }
}

TEST(Manifest, IsSignedByAnybodyOfWhomItSaysSo) {
  const SigningKey key = key_of("golden.example.com", 'k');
  const std::string text = kWorked + note_lines(kWorked, key);
  const auto read = parse_manifest(text, "m");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->digest, sha256(kWorked));
  EXPECT_THAT(*signers(*read, {key.verifier()}), ElementsAre("golden.example.com"));
  EXPECT_EQ(signers(*read, {key_of("golden.example.com", 'x').verifier()}).error().code, ErrorCode::refused);
  EXPECT_EQ(signers(*parse_manifest(kWorked, "m"), {key.verifier()}).error().message, "it is unsigned");
}

// Each byte that is changed, and each end that is cut off, is noticed: either the text is wrong, or nobody signed it.
TEST(Manifest, IsTrustedWithNoOtherByte) {
  const SigningKey key = key_of("a", 'k');
  const std::string text = kWorked + note_lines(kWorked, key);
  for (size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] ^= 1;
    const auto read = parse_manifest(other, "m");
    EXPECT_FALSE(read && signers(*read, {key.verifier()})) << "byte " << at;
    const auto cut = parse_manifest(text.substr(0, at), "m");
    EXPECT_FALSE(cut && signers(*cut, {key.verifier()})) << "cut at " << at;
  }
}

}  // namespace
}  // namespace kedge
