// Rows -> items: what the columns of a foreign table make of an item when it is inserted or changed.
#pragma once

#include "transaction.hpp"
#include "written_value.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace dynamodb_fdw {

/// How one column is written. Plain memory but for the path, which the writer's context owns.
struct ColumnWriter {
  const ColumnOptions* column;
  const dynamodb::DocumentPath* path;  ///< null: the document
  bool is_key;                         ///< of the table
  bool has_key_type;                   ///< of the table or an index
  dynamodb::AttributeType key_type;
  KeyRole role;
  ValueSource source;
};

/// A key attribute of an index.
struct IndexKey {
  const char* name;
  dynamodb::AttributeType type;
  KeyRole role;
  int column;  ///< of a flat writer: which of its columns it is; -1: none
};

struct ItemWriter {
  const TableOptions* table;
  const WriteTarget* target;
  ColumnWriter*
      columns;  ///< those that are written, shorter paths and lower list indexes first; the document first of all
  int column_count;
  IndexKey* index_keys;  ///< as far as they are known
  int index_key_count;
  /// Each column is a top-level attribute of its own, with a name that DynamoDB takes: they come in ascending order of
  /// the names.
  bool flat;
  int partition_column;  ///< of a flat writer: which of its columns is the table's key; -1: none
  int sort_column;
};

/// A column's value, ready to be put into an item.
struct WrittenColumn {
  const ColumnWriter* writer;
  WrittenValue value;
};

struct WrittenRow {
  WrittenColumn* columns;
  int count;
};

/// Prepares to write rows of `table`; everything belongs to `context`.
ItemWriter* make_item_writer(const TableOptions* table, const WriteTarget* target, Oid userid, MemoryContext context);

/// From now on the writer's rows are new items. (To be said before the first row, or not at all.)
void expect_new_items(ItemWriter* writer);

/// What is written for the columns `attnums` of a row (integers; NIL: all), in the current memory context. Errors name
/// the column.
WrittenRow write_row(const ItemWriter* writer, TupleTableSlot* slot, List* attnums);

/// The row that is being written.
struct RowInHand {
  const ItemWriter* writer;
  TupleTableSlot* slot;      ///< of an INSERT: its key columns are shown
  const std::string* shown;  ///< of an UPDATE: the key of the item that is changed, as text
};
/// An ErrorContextCallback's function, of a RowInHand: names the key.
void add_row_context(void* row_in_hand);

/// What went wrong in a library call about a row; where it is about one column, which.
struct RowFailure {
  PlainError error;
  const ColumnOptions* column;
};
[[noreturn]] void report_row_failure(const ItemWriter* writer, const RowFailure& failure);

/// Library code: the item of an INSERT. The document's attributes first; columns that are not NULL win over it. Error:
/// a value that does not fit, a key attribute that document and column name differently, an item that DynamoDB would
/// refuse. `*failed_column` is set where the error is about one column.
dynamodb::Result<dynamodb::Value> compose_item(const WrittenRow& row, const ColumnOptions** failed_column);

/// Library code: an error where an index cannot have `item`, because one of its key attributes is of another type,
/// empty or too long: DynamoDB then takes no write of it. What is in `before` (null: nothing) already is left alone:
/// the index may be younger than the item.
std::optional<dynamodb::Error> check_index_keys(const ItemWriter* writer, const dynamodb::Value* before,
                                                const dynamodb::Value& item);

/// What an UPDATE makes of an item.
struct EditedItem {
  dynamodb::Value after;
  std::vector<dynamodb::AttributeChange> changes;
};

/// Library code: the item `before` with the row's columns set: NULL removes. A document replaces all attributes but the
/// key's by difference. Errors as above.
dynamodb::Result<EditedItem> edit_item(const ItemWriter* writer, const dynamodb::Value& before, const WrittenRow& row,
                                       const ColumnOptions** failed_column);

}  // namespace dynamodb_fdw
