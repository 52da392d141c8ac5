// SQL values -> what is written for them: which rule is whose, keys, and the values of the library.
#include "written_value.hpp"

#include <utility>

#include "errors.hpp"

namespace dynamodb_fdw {

using dynamodb::AttributeType;
using dynamodb::Error;
using dynamodb::Result;
using dynamodb::Value;

namespace {

using Form = WrittenValue::Form;

const char* name_of(KeyRole role) {
  switch (role) {
    case KeyRole::partition:
      return "the partition key";
    case KeyRole::sort:
      return "the sort key";
    case KeyRole::index_partition:
      return "the partition key of an index";
    case KeyRole::index_sort:
      return "the sort key of an index";
  }
  return "";
}

bool is_partition(KeyRole role) { return role == KeyRole::partition || role == KeyRole::index_partition; }

bool is_table_key(KeyRole role) { return role == KeyRole::partition || role == KeyRole::sort; }

std::size_t longest_key(KeyRole role) {
  return is_partition(role) ? dynamodb::kMaxPartitionKeyBytes : dynamodb::kMaxSortKeyBytes;
}

// Looks its types up once for all values.
ValueSource make_source(const ColumnOptions* column, Oid type, int32 typmod, const AttributeType* key_type) {
  ValueSource source = {};
  source.column = column;
  source.typmod = typmod;
  source.type = getBaseTypeAndTypmod(type, &source.typmod);
  source.element_type = get_element_type(source.type);
  source.key_type = key_type;
  return source;
}

// --- values of the library; everything below runs guarded

Value scalar_value(const KeyValue& scalar) {
  return Value::of({scalar.type, std::string(scalar.bytes, static_cast<std::size_t>(scalar.length))});
}

// The element in that type, by itself or by its alternative; null when it has none.
const KeyValue* scalar_of_type(const WrittenValue& element, AttributeType type) {
  if (element.form != Form::scalar) return nullptr;
  if (element.type == type) return &element.scalar;
  return element.alternative != nullptr && element.alternative->type == type ? &element.alternative->scalar : nullptr;
}

// The list as a set of that type; nothing when a set cannot hold it.
std::optional<Value> as_set(const WrittenValue& list, AttributeType set_type) {
  auto element_type = dynamodb::set_element_type(set_type);
  if (!element_type) return std::nullopt;
  Value set = Value::of_type(set_type);
  for (int i = 0; i < list.element_count; ++i) {
    const KeyValue* scalar = scalar_of_type(list.elements[i], *element_type);
    if (scalar == nullptr) return std::nullopt;
    set.elements.push_back(scalar_value(*scalar));
  }
  if (dynamodb::check_value(set)) return std::nullopt;
  return set;
}

// An element takes the type of the one it replaces; one that is new, that of the last one.
const Value* old_element(const Value* old, int index) {
  if (old == nullptr || old->type != AttributeType::L || old->elements.empty()) return nullptr;
  auto position = static_cast<std::size_t>(index);
  return position < old->elements.size() ? &old->elements[position] : &old->elements.back();
}

Result<Value> list_value(const WrittenValue& written, const Value* old) {
  if (!written.declared && old != nullptr)
    if (auto set = as_set(written, old->type)) return std::move(*set);
  Value list = Value::of_type(AttributeType::L);
  for (int i = 0; i < written.element_count; ++i) {
    auto element = to_value(written.elements[i], old_element(old, i));
    if (!element.ok()) return element;
    list.elements.push_back(std::move(element.value()));
  }
  return list;
}

Result<Value> map_value(const WrittenValue& written) {
  Value map = Value::of_type(AttributeType::M);
  for (int i = 0; i < written.element_count; ++i) {
    const WrittenMember& member = written.members[i];
    auto value = to_value(member.value, nullptr);
    if (!value.ok()) return value;
    map.names.emplace_back(member.name.bytes, static_cast<std::size_t>(member.name.length));
    map.elements.push_back(std::move(value.value()));
  }
  return map;
}

Value set_value(const WrittenValue& written) {
  Value set = Value::of_type(written.type);
  for (int i = 0; i < written.element_count; ++i) set.elements.push_back(scalar_value(written.elements[i].scalar));
  return set;
}

Result<Value> json_value(const WrittenValue& written, const Value* old) {
  std::string_view json(written.json, static_cast<std::size_t>(written.json_length));
  if (written.form == Form::typed_item) return dynamodb::parse_typed_item(json);
  // A declared type is not that of an old value which is of another.
  if (old != nullptr && written.declared && old->type != written.type) old = nullptr;
  auto value =
      written.form == Form::plain_json ? dynamodb::value_from_plain_json(json, old) : dynamodb::parse_typed_value(json);
  if (value.ok() && written.declared && value.value().type != written.type)
    return Error::invalid_value(std::string("the JSON is of type ") + dynamodb::type_name(value.value().type) +
                                ", but is to be of type " + dynamodb::type_name(written.type));
  return value;
}

}  // namespace

const char* describe_source(const ValueSource& source) {
  if (source.position == 0) return psprintf("value of column \"%s\"", source.column->column_name);
  return psprintf("element %d of the value of column \"%s\"", source.position, source.column->column_name);
}

void report_unfit(const ValueSource& source, AttributeType type, const char* reason) {
  const char* value = describe_source(source);
  const char* sql_type = format_type_be(source.type);
  ereport(ERROR,
          (errcode(ERRCODE_DATATYPE_MISMATCH),
           errmsg("%s (type %s) cannot be written as type %s of DynamoDB", value, sql_type, dynamodb::type_name(type)),
           reason != nullptr ? errdetail_internal("%s.", reason)
           : source.key_type != nullptr
               ? errdetail("The column is part of a key, and the key's type is %s.", dynamodb::type_name(type))
               : 0));
  pg_unreachable();
}

void report_unwritable(const ColumnOptions* column, const PlainError& failure) {
  ErrorText text = describe_error(failure);
  ereport(ERROR, (errcode(sqlstate_of(failure)),
                  errmsg("value of column \"%s\" cannot be written: %s", column->column_name, text.message),
                  text.detail[0] != '\0' ? errdetail_internal("%s", text.detail) : 0));
  pg_unreachable();
}

WrittenValue written_scalar(const KeyValue& scalar) {
  WrittenValue written = {};
  written.form = Form::scalar;
  written.type = scalar.type;
  written.scalar = scalar;
  return written;
}

WrittenValue write_element(const ValueSource& source, Datum value) {
  if (source.type == JSONOID || source.type == JSONBOID) return write_json(source, value);
  if (OidIsValid(source.element_type)) return write_array(source, value);
  return write_scalar(source, value);
}

ValueSource column_source(const ColumnOptions* column, const AttributeType* key_type) {
  return make_source(column, column->type, column->typmod, key_type);
}

ValueSource element_source(const ValueSource& array) {
  return make_source(array.column, array.element_type, array.typmod, nullptr);
}

WrittenValue write_value(const ValueSource& source, Datum value, bool is_null) {
  if (is_null) return WrittenValue{};
  WrittenValue written = write_element(source, value);
  bool declared = source.column->has_ddb_type || source.key_type != nullptr;
  if (declared) {
    written.declared = true;
    written.alternative = nullptr;
  }
  if (source.key_type != nullptr && (written.form != Form::scalar || written.type != *source.key_type))
    report_unfit(source, *source.key_type, nullptr);
  return written;
}

const char* why_no_key(AttributeType key_type, AttributeType type, std::size_t length, KeyRole role) {
  if (type != key_type) return "is not of the key's type";
  if (type == AttributeType::N) return nullptr;
  if (length == 0) return "is empty";
  return length > longest_key(role) ? "is too long" : nullptr;
}

void check_key_value(const TableOptions* table, const ColumnOptions* column, KeyRole role,
                     const WrittenValue* written) {
  if (written->form == Form::absent) {
    if (is_table_key(role))
      ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
                      errmsg("null value in column \"%s\", which is %s of DynamoDB table \"%s\"", column->column_name,
                             name_of(role), table->table_name)));
    return;
  }
  auto length = static_cast<std::size_t>(written->scalar.length);
  const char* reason = why_no_key(written->type, written->type, length, role);
  if (reason == nullptr) return;
  ereport(ERROR, (errcode(length == 0 ? ERRCODE_ZERO_LENGTH_CHARACTER_STRING : ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                  errmsg("value of column \"%s\" %s, but is %s of DynamoDB table \"%s\"", column->column_name, reason,
                         name_of(role), table->table_name),
                  length == 0 ? errdetail("A key has at least one byte.")
                              : errdetail("It has %zu bytes; %s key has at most %zu.", length,
                                          is_partition(role) ? "a partition" : "a sort", longest_key(role))));
}

Result<Value> to_value(const WrittenValue& written, const Value* old) {
  if (written.alternative != nullptr && old != nullptr && old->type == written.alternative->type)
    return scalar_value(written.alternative->scalar);
  switch (written.form) {
    case Form::absent:
      return Value::of_type(AttributeType::NUL);
    case Form::scalar:
      return scalar_value(written.scalar);
    case Form::set:
      return set_value(written);
    case Form::list:
      return list_value(written, old);
    case Form::map:
      return map_value(written);
    case Form::plain_json:
    case Form::typed_json:
    case Form::typed_item:
      return json_value(written, old);
  }
  return Error::internal("unknown form of a value");
}

}  // namespace dynamodb_fdw
