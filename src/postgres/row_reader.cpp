// Items -> rows, for items that are at hand as JSON.
#include "row_reader.hpp"

#include <cstring>

#include "handles.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace dynamodb_fdw {

using dynamodb::Error;

struct RowReader {
  ReadContext context;
  ColumnReader* readers;
  int reader_count;
  dynamodb::AttributeSelection* selection;
  dynamodb::Item* item;
  dynamodb::PageReader* page;
  dynamodb::BodyBuffer* body;
};

RowReader* make_row_reader(const TableOptions* table, const WriteTarget* target, MemoryContext context) {
  MemoryContext old = MemoryContextSwitchTo(context);
  auto* reader = static_cast<RowReader*>(palloc0(sizeof(RowReader)));
  reader->selection = make_owned<dynamodb::AttributeSelection>(
      context, [] { return std::make_unique<dynamodb::AttributeSelection>(); });
  reader->item = make_owned<dynamodb::Item>(context, [] { return std::make_unique<dynamodb::Item>(); });
  reader->body = make_owned<dynamodb::BodyBuffer>(context, [] { return std::make_unique<dynamodb::BodyBuffer>(); });
  reader->page = make_owned<dynamodb::PageReader>(context, [] { return std::make_unique<dynamodb::PageReader>(); });
  List* columns = NIL;
  for (int i = 0; i < table->column_count; ++i)
    if (!table->columns[i].dropped) columns = lappend_int(columns, table->columns[i].attnum);
  reader->context.context = context;
  reader->context.table_name = table->table_name;
  reader->context.item = reader->item;
  reader->context.partition_key = target->partition_key;
  reader->context.sort_key = target->sort_key;
  reader->reader_count = list_length(columns);
  reader->readers = prepare_readers(&reader->context, table, columns, reader->selection);
  MemoryContextSwitchTo(old);
  return reader;
}

namespace {

// Library code: an answer of GetItem with this item, for the decoder.
void fill_answer(dynamodb::BodyBuffer& body, const std::string& item) {
  constexpr std::string_view kBegin = "{\"Item\":";
  body.clear();
  if (!body.reserve(kBegin.size() + item.size() + 1)) throw std::bad_alloc();
  body.append(kBegin.data(), kBegin.size());
  body.append(item.data(), item.size());
  body.append("}", 1);
  body.pad();
}

}  // namespace

void read_item_into(RowReader* reader, const std::string& json, TupleTableSlot* slot) {
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<Error> {
    reader->page->close();
    fill_answer(*reader->body, json);
    if (auto error = reader->page->open(*reader->body, true)) return error;
    if (reader->page->next(*reader->selection, *reader->item) == dynamodb::PageReader::Step::item) return std::nullopt;
    return reader->page->error();
  });
  if (!done) report_error(failure, {"write", reader->context.table_name});
  ExecClearTuple(slot);
  memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
  read_row(&reader->context, reader->readers, reader->reader_count, slot->tts_values, slot->tts_isnull);
  ExecStoreVirtualTuple(slot);
  ExecMaterializeSlot(slot);
}

}  // namespace dynamodb_fdw
