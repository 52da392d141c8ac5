// Decoded attributes -> datums: one reader per column in use, chosen once per scan by the column's type.
#include "to_datum.hpp"

#include <cstring>

#include "guard.hpp"
#include "handles.hpp"
#include "jsonb_writer.hpp"

extern "C" {
#include "utils/resowner.h"
#include "utils/typcache.h"
}

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Item;
using dynamodb::ValueNode;

namespace {

const char* row_id(ReadContext* context, const ColumnReader*, uint32_t, Datum* value) {
  *value = PointerGetDatum(cstring_to_text(item_key_json(context)));
  return nullptr;
}

ColumnReader* element_reader(ReadContext* context, const ColumnReader* array, Oid element);

void choose_reader(ReadContext* context, ColumnReader* reader) {
  Oid input;
  getTypeInputInfo(reader->type, &input, &reader->input_parameter);
  reader->input = static_cast<FmgrInfo*>(MemoryContextAllocZero(context->context, sizeof(FmgrInfo)));
  fmgr_info_cxt(input, reader->input, context->context);
  Oid element = get_element_type(reader->type);
  if (OidIsValid(element)) {
    reader->element = element_reader(context, reader, element);
    get_typlenbyvalalign(element, &reader->element_length, &reader->element_by_value, &reader->element_alignment);
    reader->read = read_array;
  } else if (reader->type == JSONOID || reader->type == JSONBOID) {
    choose_json_reader(reader);
    if (context->jsonb == nullptr) context->jsonb = make_jsonb_writer(context->context);
  } else {
    choose_scalar_reader(reader);
  }
}

// The type below any domains; the domain's own constraints are checked after reading.
void resolve_domain(ReadContext* context, ColumnReader* reader, Oid type, int32 typmod) {
  reader->typmod = typmod;
  reader->type = getBaseTypeAndTypmod(type, &reader->typmod);
  reader->is_domain = reader->type != type;
  reader->domain = type;
  char kind = get_typtype(reader->type);
  reader->runs_sql = reader->is_domain || (kind != TYPTYPE_BASE && kind != TYPTYPE_ENUM);
  reader->domain_cache = static_cast<void**>(MemoryContextAllocZero(context->context, sizeof(void*)));
}

ColumnReader* element_reader(ReadContext* context, const ColumnReader* array, Oid element) {
  auto* reader = static_cast<ColumnReader*>(MemoryContextAllocZero(context->context, sizeof(ColumnReader)));
  reader->column = array->column;
  resolve_domain(context, reader, element, array->typmod);
  choose_reader(context, reader);
  return reader;
}

uint32_t select_attribute(dynamodb::AttributeSelection* selection, const char* utf8_name) {
  uint32_t slot = 0;
  PlainError failure;
  if (!guard(&failure, [&] { slot = selection->add(utf8_name); })) report_error(failure, {});
  return slot;
}

const std::vector<dynamodb::PathStep>* parse_path(ReadContext* context, const char* path) {
  auto* steps = make_owned<std::vector<dynamodb::PathStep>>(
      context->context, [] { return std::make_unique<std::vector<dynamodb::PathStep>>(); });
  PlainError failure;
  bool parsed = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    auto result = dynamodb::parse_document_path(path);
    if (!result.ok()) return result.error();
    *steps = std::move(result.value());
    return std::nullopt;
  });
  if (!parsed) report_error(failure, {"mapped_path", context->table_name});
  return steps;
}

void select_column(ReadContext* context, ColumnReader* reader, dynamodb::AttributeSelection* selection) {
  const ColumnOptions* column = reader->column;
  if (column->row_id) {
    reader->read = row_id;
  } else if (column->document) {
    selection->select_all();
  } else if (column->mapped_path != nullptr) {
    reader->path = parse_path(context, column->mapped_path);
    reader->slot = select_attribute(selection, reader->path->front().name.c_str());
  } else {
    reader->slot = select_attribute(selection, column->attribute);
  }
}

void select_keys(ReadContext* context, dynamodb::AttributeSelection* selection) {
  context->partition_slot = context->sort_slot = -1;
  if (context->partition_key) context->partition_slot = select_attribute(selection, context->partition_key);
  if (context->sort_key) context->sort_slot = select_attribute(selection, context->sort_key);
}

uint32_t map_member(const Item& item, uint32_t map, const std::string& name) {
  uint32_t end = item.node(map).end;
  for (uint32_t member = map + 1; member < end; member = item.next(member + 1))
    if (item.node(member).view() == name) return member + 1;
  return Item::kMissing;
}

uint32_t list_element(const Item& item, uint32_t list, uint32_t index) {
  if (index >= item.node(list).size) return Item::kMissing;
  uint32_t element = list + 1;
  for (; index > 0; --index) element = item.next(element);
  return element;
}

// Follows the path below its attribute. A path into something that has no such part finds nothing.
uint32_t follow_path(const Item& item, uint32_t node, const std::vector<dynamodb::PathStep>& path) {
  for (std::size_t i = 1; i < path.size() && node != Item::kMissing; ++i) {
    AttributeType type = item.node(node).type;
    if (path[i].is_index)
      node = type == AttributeType::L ? list_element(item, node, path[i].index) : Item::kMissing;
    else
      node = type == AttributeType::M ? map_member(item, node, path[i].name) : Item::kMissing;
  }
  return node;
}

uint32_t find_node(const ReadContext* context, const ColumnReader* reader) {
  uint32_t node = context->item->slot(reader->slot);
  return reader->path == nullptr || node == Item::kMissing ? node : follow_path(*context->item, node, *reader->path);
}

// What an error about data (SQLSTATE class 22) or constraints (23) says; any other is raised again.
const char* reason_of(ReadContext* context, ErrorData* error) {
  int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
  if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) ReThrowError(error);
  context->sqlstate = error->sqlerrcode;
  return error->message;
}

// Runs `work`, which may raise errors about the data; returns null or the reason. The functions behind it hold no locks
// or other resources when they raise one.
template <typename Work>
const char* catch_data_error(ReadContext* context, Work&& work) {
  const char* volatile reason = nullptr;
  MemoryContext caller = CurrentMemoryContext;
  PG_TRY();
  { work(); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    reason = reason_of(context, error);
  }
  PG_END_TRY();
  return reason;
}

// The same for work that may run SQL of the user's: what that holds when it fails goes with a subtransaction.
template <typename Work>
const char* catch_sql_error(ReadContext* context, Work&& work) {
  const char* volatile reason = nullptr;
  MemoryContext caller = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(caller);
  PG_TRY();
  {
    work();
    ReleaseCurrentSubTransaction();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    reason = reason_of(context, error);
  }
  PG_END_TRY();
  MemoryContextSwitchTo(caller);
  CurrentResourceOwner = owner;
  return reason;
}

// A subtransaction is needed only where the statement goes on after the error.
template <typename Work>
const char* catch_error(ReadContext* context, const ColumnReader* reader, Work&& work) {
  if (reader->runs_sql && reader->column->on_type_mismatch == MismatchAction::null)
    return catch_sql_error(context, work);
  return catch_data_error(context, work);
}

// The beginning of a message about one attribute; nothing for a document, where the reason names the attribute.
const char* describe_attribute(const ReadContext* context, const ColumnOptions* column, uint32_t node) {
  if (column->document) return "";
  const char* held =
      node == Item::kMissing ? "missing" : psprintf("type %s", dynamodb::type_name(context->item->node(node).type));
  return psprintf("attribute \"%s\" (%s) of ", column->mapped_path ? column->mapped_path : column->attribute, held);
}

[[noreturn]] void report_mismatch(ReadContext* context, const ColumnReader* reader, uint32_t node, const char* reason) {
  const ColumnOptions* column = reader->column;
  const char* attribute = describe_attribute(context, column, node);
  const char* key = item_key_json(context);
  const char* type = format_type_with_typemod(column->type, column->typmod);
  ereport(ERROR, (errcode(context->sqlstate),
                  errmsg("%sitem %s in DynamoDB table \"%s\" does not fit column \"%s\" (type %s)", attribute, key,
                         context->table_name, column->column_name, type),
                  errdetail_internal("%s.", reason),
                  errhint("Declare the column with a type that fits, or set the option on_type_mismatch to 'null'.")));
  pg_unreachable();
}

// Returns the reason of a mismatch, or null.
const char* read_column(ReadContext* context, const ColumnReader* reader, uint32_t node, Datum* value, bool* is_null) {
  bool whole_item = reader->column->document || reader->column->row_id;
  *is_null = !whole_item &&
             (node == Item::kMissing || (context->item->node(node).type == AttributeType::NUL && !reader->reads_null));
  const char* reason = nullptr;
  if (!*is_null) reason = reader->read(context, reader, node, value);
  if (reason == nullptr && reader->is_domain) reason = check_domain(context, reader, *value, *is_null);
  return reason;
}

// Makes room for a row like the last one before the next is read.
void restart_arena(ReadContext* context) {
  RowArena& arena = context->arena;
  if (arena.used > arena.capacity) {
    if (arena.start != nullptr) pfree(arena.start);
    arena.start = nullptr;
    arena.capacity = arena.used * 2;
    arena.start = static_cast<char*>(MemoryContextAlloc(context->context, arena.capacity));
  }
  arena.used = 0;
}

constexpr std::size_t kLargestArena = 1024 * 1024;  // rows beyond it are allocated value by value

}  // namespace

char* arena_allocate(ReadContext* context, std::size_t size) {
  RowArena& arena = context->arena;
  size = MAXALIGN(size);
  if (arena.used + size > kLargestArena) return static_cast<char*>(palloc(size));
  char* place = arena.start + arena.used;
  arena.used += size;
  return arena.used <= arena.capacity ? place : static_cast<char*>(palloc(size));
}

const char* server_text(ReadContext* context, std::string_view text, int* length, const char** reason) {
  if (text.empty() || memchr(text.data(), '\0', text.size()) == nullptr)
    return convert_text(context, text, length, reason);
  context->sqlstate = ERRCODE_UNTRANSLATABLE_CHARACTER;
  *reason = "The string contains the character U+0000, which PostgreSQL's text cannot hold";
  return nullptr;
}

const char* convert_text(ReadContext* context, std::string_view text, int* length, const char** reason) {
  *length = static_cast<int>(text.size());
  *reason = nullptr;
  if (text.empty()) return "";
  if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII) return text.data();
  char* converted = nullptr;
  *reason = catch_data_error(context, [&] { converted = pg_any_to_server(text.data(), text.size(), PG_UTF8); });
  if (*reason != nullptr) return nullptr;
  if (converted != text.data()) *length = static_cast<int>(strlen(converted));
  return converted;
}

const char* check_domain(ReadContext* context, const ColumnReader* reader, Datum value, bool is_null) {
  return catch_error(context, reader,
                     [&] { domain_check(value, is_null, reader->domain, reader->domain_cache, context->context); });
}

const char* wrong_type(ReadContext* context) {
  context->sqlstate = ERRCODE_FDW_INVALID_DATA_TYPE;
  return "Values of this DynamoDB type are not read into this SQL type";
}

const char* read_by_input_function(ReadContext* context, const ColumnReader* reader, uint32_t index, Datum* value) {
  const ValueNode& node = context->item->node(index);
  if (node.type != AttributeType::S) return wrong_type(context);
  const char* reason;
  int length;
  const char* text = node_text(context, node, &length, &reason);
  if (text == nullptr) return reason;
  char* terminated = pnstrdup(text, length);
  return catch_error(context, reader, [&] {
    *value = InputFunctionCall(reader->input, terminated, reader->input_parameter, reader->typmod);
  });
}

ColumnReader* prepare_readers(ReadContext* context, const TableOptions* table, List* attnums,
                              dynamodb::AttributeSelection* selection) {
  MemoryContext caller = MemoryContextSwitchTo(context->context);
  context->jsonb = nullptr;
  select_keys(context, selection);
  context->text = make_owned<std::string>(context->context, [] { return std::make_unique<std::string>(); });
  auto* readers = static_cast<ColumnReader*>(palloc0(sizeof(ColumnReader) * Max(list_length(attnums), 1)));
  ColumnReader* reader = readers;
  ListCell* cell;
  foreach (cell, attnums) {
    reader->column = &table->columns[lfirst_int(cell) - 1];
    resolve_domain(context, reader, reader->column->type, reader->column->typmod);
    choose_reader(context, reader);
    select_column(context, reader, selection);
    ++reader;
  }
  MemoryContextSwitchTo(caller);
  return readers;
}

void read_row(ReadContext* context, const ColumnReader* readers, int count, Datum* values, bool* nulls) {
  restart_arena(context);
  for (const ColumnReader* reader = readers; reader < readers + count; ++reader) {
    bool whole_item = reader->column->document || reader->column->row_id;
    uint32_t node = whole_item ? Item::kMissing : find_node(context, reader);
    int column = reader->column->attnum - 1;
    const char* reason = read_column(context, reader, node, &values[column], &nulls[column]);
    if (reason == nullptr) continue;
    if (reader->column->on_type_mismatch == MismatchAction::error) report_mismatch(context, reader, node, reason);
    nulls[column] = true;
  }
}

}  // namespace dynamodb_fdw
