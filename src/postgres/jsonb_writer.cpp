// Writes jsonb in the form in which it is stored, from first byte to last, without a tree of JsonbValues.
//
// The form is that of utils/jsonb.h; what is not said there (alignment, when an entry holds an offset, limits) follows
// convertJsonbValue() of jsonb_util.c, so that equal documents are equal bytes however they were made.
#include "jsonb_writer.hpp"

#include <algorithm>
#include <cstring>

#include "numeric_form.hpp"

namespace dynamodb_fdw {
namespace {

constexpr std::size_t kFirstCapacity = 8192;
constexpr std::size_t kFirstMembers = 128;
constexpr std::size_t kMaxKeptBytes = 1024 * 1024;  // more is given back: hardly an item makes so long a jsonb
constexpr std::size_t kMaxKeptMembers = kMaxKeptBytes / sizeof(JsonbMember);
constexpr std::size_t kInsertionSort = 24;  // up to so many members

void grow(JsonbWriter* writer, std::size_t needed) {
  std::size_t capacity = Max(needed, Min(writer->capacity * 2, static_cast<std::size_t>(MaxAllocSize)));
  writer->bytes = static_cast<char*>(repalloc(writer->bytes, capacity));
  writer->capacity = capacity;
}

void align(JsonbWriter* writer) {
  std::size_t padding = INTALIGN(writer->used) - writer->used;
  if (padding > 0) memset(append_bytes(writer, padding), 0, padding);
}

void check_count(std::size_t count, std::size_t size_of_one, const char* what) {
  std::size_t limit = Min(MaxAllocSize / size_of_one, JB_CMASK);
  if (count > limit)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("number of jsonb %s exceeds the maximum allowed (%zu)", what, limit)));
}

void check_total(const JsonbWriter* writer, const JsonbFrame* frame, std::size_t total) {
  if (total <= JENTRY_OFFLENMASK) return;
  uint32 header;
  memcpy(&header, writer->bytes + frame->header, sizeof header);
  ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                  errmsg("total size of jsonb %s elements exceeds the maximum of %u bytes",
                         (header & JB_FOBJECT) != 0 ? "object" : "array", JENTRY_OFFLENMASK)));
}

JsonbFrame open_container(JsonbWriter* writer, uint32 header, std::size_t entries) {
  JsonbFrame frame = {};
  frame.start = writer->used;
  align(writer);
  frame.header = writer->used;
  memcpy(append_bytes(writer, sizeof header), &header, sizeof header);
  frame.entries = writer->used;
  append_bytes(writer, entries * sizeof(JEntry));
  return frame;
}

uint64 rank_of(const char* name, std::size_t length) {
  unsigned char head[6] = {};
  for (std::size_t i = 0; i < Min(length, sizeof head); ++i) head[i] = static_cast<unsigned char>(name[i]);
  uint64 rank = Min(length, static_cast<std::size_t>(0xFFFF));
  for (unsigned char byte : head) rank = rank << 8 | byte;
  return rank;
}

int compare_names(const JsonbMember& left, const JsonbMember& right) {
  if (left.rank != right.rank) return left.rank < right.rank ? -1 : 1;
  if (left.length != right.length) return left.length < right.length ? -1 : 1;
  return memcmp(left.name, right.name, left.length);
}

// The last of those with the same name stands first.
bool stands_before(const JsonbMember& left, const JsonbMember& right) {
  if (left.rank != right.rank) return left.rank < right.rank;
  int order = compare_names(left, right);
  return order != 0 ? order < 0 : left.order > right.order;
}

void sort_few(JsonbMember* members, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    JsonbMember member = members[i];
    std::size_t place = i;
    for (; place > 0 && stands_before(member, members[place - 1]); --place) members[place] = members[place - 1];
    members[place] = member;
  }
}

}  // namespace

JsonbWriter* make_jsonb_writer(MemoryContext context) {
  auto* writer = static_cast<JsonbWriter*>(MemoryContextAllocZero(context, sizeof(JsonbWriter)));
  writer->bytes = static_cast<char*>(MemoryContextAlloc(context, kFirstCapacity));
  writer->capacity = kFirstCapacity;
  writer->members = static_cast<JsonbMember*>(MemoryContextAlloc(context, kFirstMembers * sizeof(JsonbMember)));
  writer->member_capacity = kFirstMembers;
  return writer;
}

void start_jsonb(JsonbWriter* writer) {
  if (writer->capacity > kMaxKeptBytes) {
    writer->bytes = static_cast<char*>(repalloc(writer->bytes, kFirstCapacity));
    writer->capacity = kFirstCapacity;
  }
  if (writer->member_capacity > kMaxKeptMembers) {
    writer->members = static_cast<JsonbMember*>(repalloc(writer->members, kFirstMembers * sizeof(JsonbMember)));
    writer->member_capacity = kFirstMembers;
  }
  writer->used = VARHDRSZ;
  writer->member_count = 0;
}

std::size_t jsonb_size(const JsonbWriter* writer) { return writer->used; }

void finish_jsonb(JsonbWriter* writer, char* datum) {
  SET_VARSIZE(writer->bytes, writer->used);
  memcpy(datum, writer->bytes, writer->used);
}

JsonbFrame open_object(JsonbWriter* writer, std::size_t pairs) {
  check_count(pairs, sizeof(JsonbPair), "object pairs");
  return open_container(writer, static_cast<uint32>(pairs) | JB_FOBJECT, pairs * 2);
}

JsonbFrame open_array(JsonbWriter* writer, std::size_t elements) {
  check_count(elements, sizeof(JsonbValue), "array elements");
  return open_container(writer, static_cast<uint32>(elements) | JB_FARRAY, elements);
}

JsonbFrame open_lone_scalar(JsonbWriter* writer) { return open_container(writer, 1 | JB_FARRAY | JB_FSCALAR, 1); }

void add_entry(JsonbWriter* writer, JsonbFrame* frame, JEntry entry) {
  std::size_t total = std::size_t{frame->total} + JBE_OFFLENFLD(entry);
  check_total(writer, frame, total);
  frame->total = static_cast<uint32>(total);
  if (frame->count % JB_OFFSET_STRIDE == 0) entry = (entry & JENTRY_TYPEMASK) | frame->total | JENTRY_HAS_OFF;
  memcpy(writer->bytes + frame->entries + frame->count * sizeof entry, &entry, sizeof entry);
  ++frame->count;
}

JEntry close_container(JsonbWriter* writer, const JsonbFrame* frame) {
  std::size_t total = writer->used - frame->start;
  check_total(writer, frame, total);
  return JENTRY_ISCONTAINER | static_cast<JEntry>(total);
}

char* append_bytes(JsonbWriter* writer, std::size_t length) {
  std::size_t place = writer->used;
  if (place + length > writer->capacity) grow(writer, place + length);
  writer->used = place + length;
  return writer->bytes + place;
}

JEntry append_string(JsonbWriter* writer, const char* text, std::size_t length) {
  memcpy(append_bytes(writer, length), text, length);
  return JENTRY_ISSTRING | static_cast<JEntry>(length);
}

JEntry append_numeric(JsonbWriter* writer, Numeric number) {
  std::size_t start = writer->used;
  std::size_t length = VARSIZE_ANY(number);
  align(writer);
  memcpy(append_bytes(writer, length), number, length);
  return JENTRY_ISNUMERIC | static_cast<JEntry>(writer->used - start);
}

bool append_plain_number(JsonbWriter* writer, std::string_view text, JEntry* entry) {
  std::size_t start = writer->used;
  align(writer);
  std::size_t aligned = writer->used;
  std::size_t length = write_plain_numeric(text, append_bytes(writer, kPlainNumericBytes));
  writer->used = length > 0 ? aligned + length : start;
  *entry = JENTRY_ISNUMERIC | static_cast<JEntry>(writer->used - start);
  return length > 0;
}

void push_member(JsonbWriter* writer, const char* name, std::size_t length, uint32 node) {
  if (writer->member_count == writer->member_capacity) {
    writer->member_capacity *= 2;
    writer->members =
        static_cast<JsonbMember*>(repalloc(writer->members, writer->member_capacity * sizeof(JsonbMember)));
  }
  auto order = static_cast<uint32>(writer->member_count);
  writer->members[writer->member_count++] = {rank_of(name, length), name, static_cast<uint32>(length), node, order};
}

std::size_t sort_members(JsonbWriter* writer, std::size_t first) {
  JsonbMember* members = writer->members + first;
  std::size_t count = writer->member_count - first;
  if (count <= kInsertionSort)
    sort_few(members, count);
  else
    std::sort(members, members + count, stands_before);
  std::size_t kept = Min(count, static_cast<std::size_t>(1));
  for (std::size_t i = 1; i < count; ++i)
    if (compare_names(members[kept - 1], members[i]) != 0) members[kept++] = members[i];
  writer->member_count = first + kept;
  return kept;
}

}  // namespace dynamodb_fdw
