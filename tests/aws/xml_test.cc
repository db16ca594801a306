#include "aws/xml.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Xml, RefusesAnAnswerToAnotherQuestion) {
  const auto xml =
      expect_root("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"/>", {"PublicAccessBlockConfiguration"});
  ASSERT_FALSE(xml);
  EXPECT_EQ(xml.error().message,
            "the answer is <ListBucketResult> where <PublicAccessBlockConfiguration> was asked for");
}

TEST(Xml, TakesTheRootThatWasAskedForWithAnyPrefix) {
  EXPECT_TRUE(expect_root("<s3:Owner xmlns:s3=\"x\"/>", {"Owner"}));
  EXPECT_TRUE(expect_root("<B/>", {"A", "B"}));
}

TEST(Xml, RefusesWhatIsNotOneDocument) {
  for (const char* text : {"", "text", "<a>", "<a></b>", "<a/><b/>", "{\"a\":1}"})
    EXPECT_FALSE(Xml::parse(text)) << text;
}

TEST(Xml, FindsChildrenByLocalName) {
  const auto xml = Xml::parse("<r><x:a xmlns:x=\"u\">1</x:a><a>2</a><b/></r>");
  ASSERT_TRUE(xml) << xml.error().message;
  EXPECT_EQ(text_of(xml->root(), "a"), "1");
  EXPECT_EQ(children_named(xml->root(), "a").size(), 2);
  EXPECT_EQ(text_of(xml->root(), "missing"), "");
}

TEST(Xml, ReadsNoForeignEntities) {
  const auto xml = Xml::parse("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r>&e;&amp;</r>");
  ASSERT_TRUE(xml);
  EXPECT_EQ(std::string(xml->root().text().get()), "&e;&");
}

TEST(Xml, BecomesTheSameTextAgain) {
  const std::string text =
      R"(<P xmlns="a" xmlns:xsi="b"><G xsi:type="Group"><URI>http://x/y?a=1&amp;b</URI></G><E/></P>)";
  EXPECT_EQ(Xml::parse(text)->text(), text);
}

TEST(Xml, EscapesText) { EXPECT_EQ(xml_escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;\"c\""); }

}  // namespace
}  // namespace kedge
