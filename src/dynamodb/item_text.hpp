// Writes an item as typed JSON, value by value, and measures it on the way: for many items, of which no tree is needed.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/value.hpp"

namespace dynamodb {

/// What is written is what append_typed_item() makes of the same values, provided that the attributes come in ascending
/// order of their names. Nothing is checked but plain JSON. One object after the other can be written with one writer,
/// which keeps its memory.
///
///   begin(&text); { attribute(name); one value } ...; size = end();
class ItemText {
 public:
  ItemText();
  ~ItemText();
  ItemText(const ItemText&) = delete;
  ItemText& operator=(const ItemText&) = delete;

  /// Begins an item, which is appended to `text`. It must live until end().
  void begin(std::string* text);
  /// Begins an attribute; returns where its text starts: "name":{...}, up to the end of its value.
  std::size_t attribute(std::string_view name);
  /// Ends the item; returns its size as item_size() counts.
  std::size_t end();

  /// A value of type S, N, B or BOOL; `bytes` as in ScalarValue.
  void scalar(AttributeType type, std::string_view bytes);
  void null();
  /// A list of `count` values. They follow, each after next(), then end_elements().
  void begin_list(std::size_t count);
  /// A set of that type; its elements follow, each by next() and set_element(), then end_elements().
  void begin_set(AttributeType type);
  void next();
  /// An element of a set with elements of that type (S, N or B).
  void set_element(AttributeType type, std::string_view bytes);
  void end_elements();
  /// A map. Its members follow, each by member() and one value, in ascending order of their names; then end_map().
  void begin_map();
  void member(std::string_view name);
  void end_map();
  /// Any value.
  void value(const Value& value);
  /// What value_from_plain_json() makes of `json`; returns its type. Nothing, and text of no use, where that or
  /// check_value() fails, or an object has a name twice.
  std::optional<AttributeType> plain_json(std::string_view json);

 private:
  class PlainTyper;

  void payload(AttributeType type, std::string_view bytes);

  std::string* text_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<PlainTyper> typer_;  // made for the first JSON
};

}  // namespace dynamodb
