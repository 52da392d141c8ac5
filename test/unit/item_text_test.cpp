// Tests of item_text: the same text and size as of a tree of values.
#include "dynamodb/item_text.hpp"

#include <gtest/gtest.h>

#include "dynamodb/json_writer.hpp"
#include "dynamodb/limits.hpp"
#include "dynamodb/plain_document.hpp"
#include "unit/random_value.hpp"

namespace dynamodb {
namespace {

using test::RandomValues;
using test::typed_item_text;

struct Written {
  std::string text;
  std::size_t size = 0;
};

// What a tree of values makes of it.
Written of_tree(const Value& item) { return {typed_item_text(item), item_size(item)}; }

std::string_view bytes_of(const Value& scalar) {
  if (scalar.type == AttributeType::BOOL) return scalar.boolean ? "true" : "false";
  return scalar.text;
}

void append(ItemText& writer, const Value& value) {
  const auto set = set_element_type(value.type);
  if (value.type == AttributeType::NUL) {
    writer.null();
  } else if (value.type == AttributeType::M) {
    writer.begin_map();
    for (std::size_t i = 0; i < value.names.size(); ++i) {
      writer.member(value.names[i]);
      append(writer, value.elements[i]);
    }
    writer.end_map();
  } else if (set) {
    writer.begin_set(value.type);
    for (const Value& element : value.elements) {
      writer.next();
      writer.set_element(*set, bytes_of(element));
    }
    writer.end_elements();
  } else if (value.type == AttributeType::L) {
    writer.begin_list(value.elements.size());
    for (const Value& element : value.elements) {
      writer.next();
      append(writer, element);
    }
    writer.end_elements();
  } else {
    writer.scalar(value.type, bytes_of(value));
  }
}

Written written(ItemText& writer, const Value& item) {
  Written made;
  writer.begin(&made.text);
  for (std::size_t i = 0; i < item.names.size(); ++i) {
    const std::size_t start = writer.attribute(item.names[i]);
    append(writer, item.elements[i]);
    std::string attribute;
    append_json_string(attribute, item.names[i]);
    attribute += ':';
    append_typed(attribute, item.elements[i]);
    EXPECT_EQ(made.text.substr(start), attribute);
  }
  made.size = writer.end();
  return made;
}

// One attribute "a" of plain JSON; empty: it was refused.
Written of_json(ItemText& writer, std::string_view json) {
  Written made;
  writer.begin(&made.text);
  writer.attribute("a");
  const auto type = writer.plain_json(json);
  if (!type) return {};
  made.size = writer.end();
  EXPECT_EQ(made.text.find(std::string("{\"a\":{\"") + type_name(*type) + "\":"), 0u) << json;
  return made;
}

Written of_json_tree(std::string_view json) {
  const Result<Value> value = value_from_plain_json(json, nullptr);
  if (!value.ok() || check_value(value.value())) return {};
  Value item = Value::map();
  item.set("a", value.value());
  return of_tree(item);
}

std::string nested(int levels) {
  std::string json = "1";
  for (int level = 0; level < levels; ++level) json = level % 2 == 0 ? "[" + json + "]" : "{\"m\":" + json + "}";
  return json;
}

TEST(ItemText, IsThatOfATree) {
  ItemText writer;
  RandomValues random(7);
  for (int i = 0; i < 3000; ++i) {
    Value item = Value::map();
    for (uint32_t count = random.below(5); count > 0; --count)
      item.set("n\"" + std::to_string(random.below(9)), random.value(3));
    const Written expected = of_tree(item);
    const Written made = written(writer, item);
    ASSERT_EQ(made.text, expected.text);
    ASSERT_EQ(made.size, expected.size);
  }
}

TEST(ItemText, OfPlainJsonIsThatOfATree) {
  const std::string cases[] = {
      "1",
      " -1.50e3 ",
      "true",
      "false",
      "null",
      R"("")",
      R"("say \"hi\"\n\u0000é😀")",
      "[]",
      "{}",
      R"([1,"2",[null,[]],{}])",
      R"({"b":{"z":1,"y":{"b":2,"a":[3,{"d":4,"c":5}]}},"a":[{"q":1,"p":2}],"aa":null})",
      R"({"é":1,"\u0041":2,"z":3})",
      "12345678901234567890123456789012345678",
      nested(kMaxContainerNesting),
  };
  ItemText writer;
  for (const std::string& json : cases) {
    const Written expected = of_json_tree(json);
    const Written made = of_json(writer, json);
    EXPECT_FALSE(expected.text.empty()) << json;
    EXPECT_EQ(made.text, expected.text);
    EXPECT_EQ(made.size, expected.size) << json;
  }
}

TEST(ItemText, RefusesWhatATreeWouldBeRefusedFor) {
  const std::string cases[] = {
      "",
      "nul",
      "1 2",
      "[1,]",
      R"({"a":})",
      R"({"":1})",
      R"({"a":{"":1}})",
      "1e999",
      "123456789012345678901234567890123456789",
      R"("\ud800")",
      nested(kMaxContainerNesting + 1),
      "{\"" + std::string(kMaxAttributeNameBytes + 1, 'x') + "\":1}",
  };
  ItemText writer;
  for (const std::string& json : cases) {
    EXPECT_EQ(of_json_tree(json).text, "") << json.substr(0, 60);
    EXPECT_EQ(of_json(writer, json).text, "") << json.substr(0, 60);
  }
  // the last of them would count
  EXPECT_EQ(of_json(writer, R"({"a":1,"b":{"x":1,"y":2,"x":3}})").text, "");
  EXPECT_EQ(of_json(writer, R"({"ab":1})").text, of_json_tree(R"({"ab":1})").text);
}

}  // namespace
}  // namespace dynamodb
