// Decodes the items of a response in place: typed JSON -> flat views into the page.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/attribute_value.hpp"
#include "dynamodb/body_buffer.hpp"
#include "dynamodb/error.hpp"

namespace dynamodb {

/// One value or member name of a decoded item. The nodes of a value stand in document order, one after the other: a
/// container is followed by its elements, a map by name, value, name, value ... (names are nodes of type S). No
/// pointers between nodes, nothing to free.
struct ValueNode {
  AttributeType type;
  bool boolean;   ///< BOOL
  bool verbatim;  ///< S, N, B: the page has the text so, without escapes, between quotes. Then there is no U+0000 in it
  uint32_t size;  ///< S, N, B: bytes of text; sets and L: elements; M: members
  union {
    const char* text;  ///< S: UTF-8 without escapes; N: the number's digits; B: base64. Views the page, not terminated
    uint32_t end;      ///< containers: index of the first node behind this value
  };

  std::string_view view() const noexcept { return {text, size}; }
  /// The text with the quotes around it, as JSON has it. REQUIRES: verbatim.
  std::string_view quoted() const noexcept { return {text - 1, std::size_t{size} + 2}; }
  bool is_container() const noexcept { return type >= AttributeType::SS; }
};

/// Which attributes of an item to decode; the rest is stepped over without a look.
class AttributeSelection {
 public:
  /// Adds a top-level attribute and returns its slot; the same name gives the same slot.
  uint32_t add(std::string_view name);
  /// Decode every attribute, as the whole document needs it.
  void select_all() noexcept { all_ = true; }
  bool all() const noexcept { return all_; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(names_.size()); }
  const std::string& name(uint32_t slot) const noexcept { return names_[slot]; }
  /// The slot of `name`, or -1.
  int32_t find(std::string_view name) const noexcept {
    for (int32_t slot = buckets_[bucket_of(name)]; slot >= 0; slot = next_[slot])
      if (names_[slot] == name) return slot;
    return -1;
  }

 private:
  static constexpr std::size_t kBuckets = 64;
  static std::size_t bucket_of(std::string_view name) noexcept {
    if (name.empty()) return 0;
    auto first = static_cast<unsigned char>(name.front());
    auto last = static_cast<unsigned char>(name.back());
    return (name.size() * 7 + first * 5 + last) % kBuckets;
  }
  struct Buckets {
    int32_t first[kBuckets];
    Buckets() noexcept {
      for (int32_t& slot : first) slot = -1;
    }
    int32_t& operator[](std::size_t i) noexcept { return first[i]; }
    int32_t operator[](std::size_t i) const noexcept { return first[i]; }
  };

  std::vector<std::string> names_;
  std::vector<int32_t> next_;
  Buckets buckets_;
  bool all_ = false;
};

/// A decoded item. Reused from item to item: its memory grows to the largest one. All text views the page.
class Item {
 public:
  static constexpr uint32_t kMissing = UINT32_MAX;

  struct Attribute {
    std::string_view name;
    uint32_t node;
    bool verbatim;  ///< of the name, as in ValueNode

    std::string_view quoted_name() const noexcept { return {name.data() - 1, name.size() + 2}; }
  };

  /// The node of the attribute in a slot of the selection, or kMissing when the item does not have it.
  uint32_t slot(uint32_t index) const noexcept { return slots_[index]; }
  const ValueNode& node(uint32_t index) const noexcept { return nodes_[index]; }
  /// The first node behind the value at `index`.
  uint32_t next(uint32_t index) const noexcept { return nodes_[index].is_container() ? nodes_[index].end : index + 1; }
  /// All attributes in the order of the response. Filled only when the selection is all().
  const std::vector<Attribute>& attributes() const noexcept { return attributes_; }

 private:
  friend class PageReader;
  std::vector<ValueNode> nodes_;
  std::vector<uint32_t> slots_;
  std::vector<Attribute> attributes_;
};

/// What a response says besides its items.
struct PageSummary {
  bool has_items = false;        ///< there is a place for items: always so in answers of Query and Scan, but for COUNT
  bool has_count = false;        ///< `count` and `scanned_count` were given; look-ups by key have none
  uint64_t count = 0;            ///< items returned
  uint64_t scanned_count = 0;    ///< items evaluated
  double consumed_capacity = 0;  ///< capacity units; 0 where the service does not say
  bool has_last_evaluated_key = false;
  std::string last_evaluated_key;  ///< its JSON object, to be sent back verbatim
  std::string unprocessed_keys;    ///< of BatchGetItem: what to ask for again, as RequestItems; empty: nothing
};

/// Reads one response of Query, Scan, GetItem or BatchGetItem (of one table) after the other. Holds the parser's
/// memory, which is reused.
class PageReader {
 public:
  PageReader();
  ~PageReader();
  PageReader(PageReader&&) noexcept;
  PageReader& operator=(PageReader&&) noexcept;

  /// Takes up a page: reads its summary and stands before its first item. `body` must stay unchanged, and padded
  /// (BodyBuffer::pad), until the next open() or close(). `by_key`: an answer of GetItem or BatchGetItem, which has no
  /// items when there are none; an answer of Query or Scan without Items and Count is an error. Error:
  /// corrupt_response, not_dynamodb.
  std::optional<Error> open(const BodyBuffer& body, bool by_key = false);
  const PageSummary& summary() const noexcept { return summary_; }

  enum class Step : uint8_t { item, end, failed };
  /// Decodes the next item's selected attributes. Views in `item` stay valid until the next open() or close().
  /// After failed, error() says why and the page cannot be read on.
  Step next(const AttributeSelection& selection, Item& item);
  const Error& error() const noexcept { return error_; }
  /// Lets go of the body, and of the parser's memory if the page was unusually large.
  void close() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  PageSummary summary_;
  Error error_;
};

}  // namespace dynamodb
