// Whether DynamoDB lets through just the items for which the SQL conditions are true, so that it can count them.
#include "exactness.hpp"

#include <cstring>

#include "from_datum.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {
namespace {

// --- which values a column can read

bool is_domain(const ColumnOptions* column) { return getBaseType(column->type) != column->type; }

bool is_lenient(const ColumnOptions* column) { return column->on_type_mismatch == MismatchAction::null; }

int integer_bytes(Oid type) { return type == INT2OID ? 2 : type == INT4OID ? 4 : type == INT8OID ? 8 : 0; }

bool converts_text() { return GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII; }

// Strings with U+0000 cannot be read as text. Where that is an error they are counted; where it gives NULL, counting
// them would change the result. In other encodings there are more such strings.
bool reads_all_strings(const ColumnOptions* column) { return !converts_text() && !is_lenient(column); }

// Whether the column reads every value of the attribute type that its conditions are sent for; with `equal_to`, every
// value that equals one of that SQL type.
bool reads_all(const ColumnOptions* column, Oid equal_to) {
  switch (column->type) {
    case NUMERICOID:
      return column->typmod < 0;
    case BYTEAOID:
      return true;
    case TEXTOID:
    case VARCHAROID:
      return column->typmod < 0 && (OidIsValid(equal_to) || reads_all_strings(column));
    case INT2OID:
    case INT4OID:
    case INT8OID: {
      int width = OidIsValid(equal_to) ? integer_bytes(getBaseType(equal_to)) : 0;
      return width > 0 && width <= integer_bytes(column->type);
    }
    default:  // domains among them: they may refuse any value
      return false;
  }
}

// jsonb has a value for every attribute, up to strings with U+0000.
bool reads_all_types(const ColumnOptions* column) {
  return column->type == JSONBOID && !column->has_ddb_type && column->document_format == DocumentFormat::plain &&
         reads_all_strings(column);
}

const KeyAttribute* find_key(const KeySchema* schema, const char* attribute) {
  if (schema == nullptr || !schema->described) return nullptr;
  for (int i = 0; i < schema->partition_count; ++i)
    if (strcmp(schema->partition[i].name, attribute) == 0) return &schema->partition[i];
  for (int i = 0; i < schema->sort_count; ++i)
    if (strcmp(schema->sort[i].name, attribute) == 0) return &schema->sort[i];
  return nullptr;
}

// Whether the column reads a key of what is read, index or table: each item there has it, and of the key's type. Items
// of an index have the table's key, too.
bool is_readable_key(const Exactness* exactness, const ColumnOptions* column) {
  if (column->attribute == nullptr || exactness->planned->schemas == NIL) return false;
  const AccessPath* access = exactness->access;
  const KeySchema* index = access->use != nullptr ? access->use->schema : access->scanned;
  const auto* table = static_cast<KeySchema*>(linitial(exactness->planned->schemas));
  const KeyAttribute* key = find_key(table, column->attribute);
  if (key == nullptr) key = find_key(index, column->attribute);
  return key != nullptr && is_exact_key_type(column->type, column->typmod, key->type) && reads_all(column, InvalidOid);
}

// --- conditions

void note_column(Exactness* exactness, const ColumnOptions* column, bool readable) {
  // What an item has in a column that gives NULL for what it cannot read is no error.
  if (!is_lenient(column)) exactness->used = bms_add_member(exactness->used, column->attnum);
  if (readable) exactness->readable = bms_add_member(exactness->readable, column->attnum);
}

// A comparison is true only for values of one type, or of values equal to the operand.
bool note_comparison(Exactness* exactness, const ColumnOptions* column, Comparator comparator, bool negated,
                     Oid operand_type) {
  bool equality = is_equality(comparator) && !negated;
  bool readable = reads_all(column, equality ? operand_type : InvalidOid);
  note_column(exactness, column, readable);
  return readable;
}

bool note_null_test(Exactness* exactness, const ColumnOptions* column, bool is_not_null) {
  bool readable = !is_not_null || reads_all_types(column) || is_readable_key(exactness, column);
  note_column(exactness, column, readable);
  return readable && (is_not_null || !is_lenient(column));
}

// IS NOT TRUE and IS NOT FALSE are true also where there is something else than a boolean.
bool note_boolean(Exactness* exactness, const ColumnOptions* column, bool negated) {
  note_column(exactness, column, !negated);
  return column->type == BOOLOID;
}

bool note_column_term(Exactness* exactness, const FilterTerm* term) {
  if (term->column <= 0) return false;
  const ColumnOptions* column = &exactness->planned->table->columns[term->column - 1];
  if (is_domain(column)) return false;
  switch (term->kind) {
    case TermKind::compare:
      return note_comparison(exactness, column, term->comparator, term->negated, term->operand_type);
    case TermKind::is_null:
    case TermKind::is_json_null:
      return note_null_test(exactness, column, term->negated);
    case TermKind::is_true:
    case TermKind::is_false:
      return note_boolean(exactness, column, term->negated);
    default:
      return false;
  }
}

bool note_term(Exactness* exactness, const FilterTerm* term);

// For an OR to be true it is enough that one part is: that part's columns are readable then, and no others.
bool note_alternatives(Exactness* exactness, List* terms) {
  Bitmapset* always = nullptr;
  ListCell* cell;
  foreach (cell, terms) {
    Exactness part = *exactness;
    part.used = part.readable = nullptr;
    if (!note_term(&part, static_cast<FilterTerm*>(lfirst(cell)))) return false;
    exactness->used = bms_union(exactness->used, part.used);
    always = foreach_current_index(cell) == 0 ? part.readable : bms_intersect(always, part.readable);
  }
  exactness->readable = bms_union(exactness->readable, always);
  return true;
}

bool note_term(Exactness* exactness, const FilterTerm* term) {
  if (!term->exact) return false;
  if (term->kind == TermKind::any_of) return note_alternatives(exactness, term->children);
  if (term->kind != TermKind::all_of) return note_column_term(exactness, term);
  ListCell* cell;
  foreach (cell, term->children)
    if (!note_term(exactness, static_cast<FilterTerm*>(lfirst(cell)))) return false;
  return true;
}

// key IS NOT NULL cannot be part of a Query's filter, and need not be.
bool is_true_of_keys(const Exactness* exactness, RelOptInfo* rel, const Condition* condition) {
  auto* test = reinterpret_cast<NullTest*>(condition->restriction->clause);
  if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL || test->argisrow) return false;
  const ColumnOptions* column = match_column(rel, exactness->planned->table, reinterpret_cast<Node*>(test->arg));
  return column != nullptr && is_readable_key(exactness, column);
}

// --- conditions that whole keys settle

// An equality that is true of just the items with that key: the column reads the key as it is, and no two texts of SQL
// are one string of DynamoDB. The collation has been judged to be deterministic.
bool is_equality_of_keys(const Comparison* comparison) {
  const ColumnOptions* column = comparison->column;
  return is_equality(comparison->comparator) && !is_domain(column) && reads_all(column, comparison->operand_type);
}

// One arm of an OR that lists whole keys: an equality for each attribute of the key, and nothing else.
bool is_whole_key(const KeySchema* schema, Node* arm, List* comparisons) {
  const bool conjunction = is_andclause(arm);
  const int count = conjunction ? list_length(reinterpret_cast<BoolExpr*>(arm)->args) : 1;
  ListCell* cell;
  foreach (cell, comparisons)
    if (!is_equality_of_keys(static_cast<Comparison*>(lfirst(cell)))) return false;
  return count == list_length(comparisons) && count == schema->partition_count + schema->sort_count;
}

bool lists_whole_keys(const KeySchema* schema, const Condition* condition) {
  List* arms = reinterpret_cast<BoolExpr*>(condition->restriction->clause)->args;
  ListCell* arm;
  ListCell* comparisons;
  forboth (arm, arms, comparisons, condition->alternatives)
    if (!is_whole_key(schema, static_cast<Node*>(lfirst(arm)), static_cast<List*>(lfirst(comparisons)))) return false;
  return true;
}

}  // namespace

bool is_settled_by_keys(const AccessPath* access, const Condition* condition, PushDown verdict) {
  // A single key is as soon compared as not.
  if (access->operation != ReadOperation::batch_get_item || verdict != PushDown::key_condition) return false;
  if (converts_text()) return false;
  if (condition->is_comparison) return is_equality_of_keys(&condition->comparison);
  return access->use->tuples_of == condition->restriction && lists_whole_keys(access->use->schema, condition);
}

Exactness start_exactness(const PlannedTable* planned, const AccessPath* access) {
  return {planned, access, true, nullptr, nullptr};
}

void add_condition(Exactness* exactness, RelOptInfo* rel, const Condition* condition, PushDown verdict,
                   const FilterTerm* term) {
  const Comparison& comparison = condition->comparison;
  bool exact;
  if (term != nullptr)
    exact = note_term(exactness, term);
  else if (verdict == PushDown::key_condition && condition->is_comparison)
    exact = note_comparison(exactness, comparison.column, comparison.comparator, false, comparison.operand_type);
  else
    exact = is_true_of_keys(exactness, rel, condition);
  exactness->exact = exactness->exact && exact;
}

bool is_exact(const Exactness* exactness) {
  if (!exactness->exact) return false;
  // A key is readable whatever the conditions say of it.
  Bitmapset* readable = bms_copy(exactness->readable);
  for (int i = 0; i < exactness->planned->table->column_count; ++i) {
    const ColumnOptions* column = &exactness->planned->table->columns[i];
    if (!column->dropped && is_readable_key(exactness, column)) readable = bms_add_member(readable, column->attnum);
  }
  return bms_is_subset(exactness->used, readable);
}

}  // namespace dynamodb_fdw
