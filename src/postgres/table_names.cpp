// The names of all DynamoDB tables of a region.
#include "table_names.hpp"

#include "dynamodb/table_description.hpp"
#include "function_server.hpp"

namespace dynamodb_fdw {
namespace {

using dynamodb::TableNamesPage;

char* to_palloced(const std::string& text) { return pnstrdup(text.data(), text.size()); }

// One page of ListTables; lives in `context`.
const TableNamesPage* list_page(dynamodb::Client* client, const char* after, MemoryContext context) {
  const ErrorContext error_context = {"ListTables", nullptr};
  dynamodb::Call* call = call_service(
      client, error_context, [&] { return dynamodb::list_tables_request(after); },
      {.max_response_bytes = dynamodb::kMaxDescriptionBytes}, context);

  auto* page = make_owned<TableNamesPage>(context, [] { return std::make_unique<TableNamesPage>(); });
  PlainError failure;
  if (!guard(&failure, [&]() -> std::optional<dynamodb::Error> {
        dynamodb::BodyBuffer body = call->take_body();
        auto parsed = dynamodb::parse_list_tables_response(body.view());
        client->recycle(std::move(body));
        if (!parsed.ok()) return std::move(parsed.error());
        *page = std::move(parsed.value());
        return std::nullopt;
      }))
    report_error(failure, error_context);
  return page;
}

[[noreturn]] void report_endless_list() {
  PlainError failure;
  guard(&failure, []() -> std::optional<dynamodb::Error> {
    return dynamodb::Error::corrupt_response("ListTables has not come to an end after " +
                                             std::to_string(dynamodb::kMaxListTablesPages) + " pages");
  });
  report_error(failure, {"ListTables", nullptr});
}

}  // namespace

List* list_table_names(dynamodb::Client* client, MemoryContext work) {
  List* names = NIL;
  const char* after = "";
  int pages = 0;
  do {
    if (++pages > dynamodb::kMaxListTablesPages) report_endless_list();
    MemoryContext context = AllocSetContextCreate(work, "dynamodb_fdw ListTables", ALLOCSET_SMALL_SIZES);
    const TableNamesPage* page = list_page(client, after, context);
    for (const std::string& name : page->names) names = lappend(names, to_palloced(name));
    after = to_palloced(page->last_evaluated_name);
    MemoryContextDelete(context);
  } while (after[0] != '\0');
  return names;
}

}  // namespace dynamodb_fdw
