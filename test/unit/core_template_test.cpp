#include "core/template.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::Graph;
using testing::Join;
using testing::StartsWith;

RevisionGraph Branched() { return Graph({"aaaa", "bbbb <- aaaa / label left", "cccc <- aaaa / label right"}); }

Revision Made(TemplateCall call) { return NewRevision(Branched(), {}, call, "new"); }

TemplateCall On(const std::string& head) {
  TemplateCall call;
  call.head = head;
  return call;
}

TEST(TemplateTest, Parents) {
  EXPECT_EQ(Join(Made(On("bb")).down_revisions), "bbbb") << "full ids";
  EXPECT_EQ(Join(Made(On("right@head")).down_revisions), "cccc");
  EXPECT_EQ(Join(Made(On("heads")).down_revisions), "bbbb cccc");
  EXPECT_EQ(Join(Made(On("base")).down_revisions), "");
  EXPECT_EQ(Join(NewRevision(Graph({}), {}, On("head"), "new").down_revisions), "");
}

TEST(TemplateTest, Refusals) {
  EXPECT_TRUE(StartsWith(ErrorOf([] { Made(On("head")); }), "MG005 multiple heads"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Made(On("aaaa")); }), "MG019 revision \"aaaa\" is not a head revision"));
  EXPECT_TRUE(StartsWith(ErrorOf([] { Made(On("nowhere")); }), "MG003 "));
  EXPECT_TRUE(StartsWith(ErrorOf([] { NewRevision(Branched(), {}, On("bbbb"), "cccc"); }), "22023 "));
  EXPECT_TRUE(StartsWith(ErrorOf([] { NewRevision(Branched(), {}, On("bbbb"), "c-c"); }), "MG001 "));
}

TEST(TemplateTest, Splice) {
  TemplateCall call = On("aaaa");
  call.splice = true;
  EXPECT_EQ(Join(Made(call).down_revisions), "aaaa");
}

TEST(TemplateTest, LabelsAndDependencies) {
  TemplateCall call = On("bbbb");
  call.branch_labels = "one, two";
  call.depends_on = "ccc, right";
  EXPECT_EQ(Join(Made(call).branch_labels), "one two");
  EXPECT_EQ(Join(Made(call).depends_on), "cccc right") << "a label stays one";
  call.branch_labels = "right";
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Made(call); }), "MG008 "));
  call.branch_labels.reset();
  call.depends_on = "dddd";
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Made(call); }), "MG003 "));
}

TEST(TemplateTest, Merge) {
  EXPECT_EQ(NewMergePoint(Branched(), {}, "heads", {}, "new").message, "Merge bbbb, cccc");
  EXPECT_EQ(Join(NewMergePoint(Branched(), {}, "cccc, bbbb", "Both", "new").down_revisions), "cccc bbbb");
  EXPECT_TRUE(StartsWith(ErrorOf([] { NewMergePoint(Branched(), {}, "bbbb", {}, "new"); }), "MG002 "));
  EXPECT_TRUE(StartsWith(ErrorOf([] { NewMergePoint(Branched(), {}, "aaaa, bbbb", {}, "new"); }), "MG019 "));
}

TEST(TemplateTest, NothingEscapesItsPlace) {
  Revision revision;
  revision.id = "it's";
  revision.message = "First\r\nSELECT 1;\rSELECT 2;\\";
  const std::string text = RenderTemplate(revision, "today", true);
  EXPECT_TRUE(StartsWith(text, "-- First\n-- SELECT 1;\n-- SELECT 2;\\\n--\n-- Revision ID: it's\n-- Revises:\n"));
  EXPECT_NE(text.find("revision      => 'it''s',"), std::string::npos) << text;
  EXPECT_NE(text.find("message       => E'First\r\nSELECT 1;\rSELECT 2;\\\\',"), std::string::npos) << text;
}

}  // namespace
}  // namespace headway::core
