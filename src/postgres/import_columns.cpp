// The columns that an imported table gets.
#include <algorithm>
#include <cstring>

#include "import_columns.hpp"

extern "C" {
#include "access/htup_details.h"
}

namespace dynamodb_fdw {

const int kMaxImportColumns = MaxHeapAttributeNumber - 2;

namespace {

using dynamodb::AttributeSample;
using dynamodb::AttributeType;
using dynamodb::IndexDescription;
using dynamodb::KeyAttribute;
using dynamodb::Projection;
using dynamodb::SampledAttribute;
using dynamodb::TableDescription;

const char* key_type(AttributeType type) {
  switch (type) {
    case AttributeType::N:
      return "numeric";
    case AttributeType::B:
      return "bytea";
    default:
      return "text";
  }
}

const char* sampled_type(const SampledAttribute& attribute) {
  return attribute.type && !attribute.mixed ? imported_type(*attribute.type) : "jsonb";
}

// ---- which attributes become columns

class ColumnPlan {
 public:
  explicit ColumnPlan(const TableDescription& table) : table_(table) {}

  // The column of an attribute, made if there is none yet. Null, with a NOTICE, where its name cannot be had here.
  ImportColumn* column_of(const std::string& attribute, const char* type) {
    const char* name = to_server_name(attribute.data(), attribute.size());
    if (name == nullptr || name[0] == '\0') {
      ereport(
          NOTICE,
          (errmsg("an attribute of DynamoDB table \"%s\" has a name that this database cannot hold; it gets no column",
                  table_.name.c_str())));
      return nullptr;
    }
    if (ImportColumn* known = find(name)) return known;
    auto* column = static_cast<ImportColumn*>(palloc0(sizeof(ImportColumn)));
    column->attribute = name;
    column->type = type;
    columns_ = lappend(columns_, column);
    return column;
  }

  ImportColumn* key_column(const KeyAttribute& key) {
    ImportColumn* column = column_of(key.name, key_type(key.type));
    if (column != nullptr) column->text_key = key.type == AttributeType::S;
    return column;
  }

  List* columns() const { return columns_; }
  const TableDescription& table() const { return table_; }

 private:
  ImportColumn* find(const char* attribute) const {
    ListCell* cell;
    foreach (cell, columns_) {
      auto* column = static_cast<ImportColumn*>(lfirst(cell));
      if (strcmp(column->attribute, attribute) == 0) return column;
    }
    return nullptr;
  }

  const TableDescription& table_;
  List* columns_ = NIL;  // ImportColumn*
};

void add_table_keys(ColumnPlan& plan) {
  if (plan.table().partition_key.name.empty()) return;
  if (ImportColumn* column = plan.key_column(plan.table().partition_key)) column->partition_key = true;
  if (!plan.table().sort_key) return;
  if (ImportColumn* column = plan.key_column(*plan.table().sort_key)) column->sort_key = true;
}

void add_keys(ColumnPlan& plan, const IndexDescription& index, const std::vector<KeyAttribute>& keys,
              List* ImportColumn::*names) {
  for (const KeyAttribute& key : keys)
    if (ImportColumn* column = plan.key_column(key))
      column->*names = lappend(column->*names, pstrdup(index.name.c_str()));
}

void add_index(ColumnPlan& plan, const IndexDescription& index) {
  if (!index.global) return add_keys(plan, index, index.sort_keys, &ImportColumn::lsi_names);
  add_keys(plan, index, index.partition_keys, &ImportColumn::gsi_partition_names);
  add_keys(plan, index, index.sort_keys, &ImportColumn::gsi_sort_names);
}

void add_index_keys(ColumnPlan& plan) {
  StringInfoData left_out;
  initStringInfo(&left_out);
  for (const IndexDescription& index : plan.table().indexes) {
    if (index.status == "DELETING") continue;
    if (index.projection == Projection::all)
      add_index(plan, index);
    else
      appendStringInfo(&left_out, "%s\"%s\"", left_out.len == 0 ? "" : ", ", index.name.c_str());
  }
  if (left_out.len > 0)
    ereport(NOTICE, (errmsg("indexes of DynamoDB table \"%s\" that do not hold all attributes are left out: %s",
                            plan.table().name.c_str(), left_out.data)));
}

// A sample that has more attributes than a table can have columns gives those that most items have.
uint32_t least_items_for_column(const AttributeSample& sample, int room) {
  if (sample.size() <= static_cast<size_t>(room)) return 0;
  auto* counts = static_cast<uint32_t*>(palloc(sample.size() * sizeof(uint32_t)));
  size_t count = 0;
  for (const auto& [name, attribute] : sample) counts[count++] = attribute.items;
  std::nth_element(counts, counts + room, counts + count, [](uint32_t a, uint32_t b) { return a > b; });
  return counts[room] + 1;
}

void add_sampled(ColumnPlan& plan, const AttributeSample& sample) {
  uint32_t least = least_items_for_column(sample, kMaxImportColumns - list_length(plan.columns()));
  for (const auto& [name, attribute] : sample)
    if (attribute.items >= least) plan.column_of(name, sampled_type(attribute));
  if (least > 0)
    ereport(NOTICE,
            (errmsg("DynamoDB table \"%s\" has more attributes than a table can have columns; only those that more "
                    "than %u of the sampled items have become columns",
                    plan.table().name.c_str(), least - 1)));
}

// ---- what the columns are called

const char* wanted_name(const ImportColumn& column, const ImportOptions& options) {
  return options.column_naming == ColumnNaming::snake_case ? to_snake_case(column.attribute) : column.attribute;
}

// Attributes whose name can stay get it before others that would be shortened or changed to the same.
void give_unchanged_names(List* columns, NameSet& names, const ImportOptions& options) {
  ListCell* cell;
  foreach (cell, columns) {
    auto* column = static_cast<ImportColumn*>(lfirst(cell));
    bool unchanged = strcmp(wanted_name(*column, options), column->attribute) == 0;
    if (unchanged && fits_identifier(column->attribute) && !names.contains(column->attribute))
      column->name = names.take(column->attribute);
  }
}

void give_other_names(List* columns, NameSet& names, const ImportOptions& options, const char* table_name) {
  ListCell* cell;
  foreach (cell, columns) {
    auto* column = static_cast<ImportColumn*>(lfirst(cell));
    if (column->name != nullptr) continue;
    const char* wanted = wanted_name(*column, options);
    column->name = names.take(wanted);
    if (strcmp(column->name, wanted) != 0)
      ereport(NOTICE, (errmsg("attribute \"%s\" of DynamoDB table \"%s\" becomes column \"%s\"", column->attribute,
                              table_name, column->name)));
  }
}

}  // namespace

const char* imported_type(AttributeType type) {
  switch (type) {
    case AttributeType::S:
      return "text";
    case AttributeType::N:
      return "numeric";
    case AttributeType::B:
      return "bytea";
    case AttributeType::BOOL:
      return "boolean";
    case AttributeType::SS:
      return "text[]";
    case AttributeType::NS:
      return "numeric[]";
    case AttributeType::BS:
      return "bytea[]";
    case AttributeType::NUL:
    case AttributeType::L:
    case AttributeType::M:
      return "jsonb";
  }
  return "jsonb";
}

void reserve_column_names(NameSet& names, bool oid) {
  static const char* const kReserved[] = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax", "document"};
  for (const char* name : kReserved) names.reserve(name);
  if (oid) names.reserve("oid");
}

List* plan_import_columns(const TableDescription& table, const AttributeSample* sample, const ImportOptions& options) {
  ColumnPlan plan(table);
  add_table_keys(plan);
  add_index_keys(plan);
  if (sample != nullptr) add_sampled(plan, *sample);

  NameSet names;
  reserve_column_names(names, options.oid);
  give_unchanged_names(plan.columns(), names, options);
  give_other_names(plan.columns(), names, options, table.name.c_str());
  return plan.columns();
}

}  // namespace dynamodb_fdw
