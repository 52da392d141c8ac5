// Looks items of a table up by their keys, strongly consistent, for a transaction that writes to the table.
#include "item_look_up.hpp"

#include <set>

#include "activity.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "read_stream.hpp"
#include "wait.hpp"

namespace dynamodb_fdw {

using dynamodb::Error;
using dynamodb::PageStream;
using dynamodb::Value;

struct ItemLookUp {
  const WriteTarget* target;
  LookUpScope scope;
  MemoryContext context;
  std::set<std::string> keys;
  PageStream* stream;  // null: not started
  const char* operation;
  Activity* activity;
  dynamodb::AttributeSelection selection;
  dynamodb::Item item;
  std::string found_key;
  std::string found_item;
};

namespace {

ErrorContext error_context(const ItemLookUp* look_up) {
  return {look_up->operation, look_up->target->table_name, look_up->activity};
}

dynamodb::Key to_request_key(const std::string& json) {
  dynamodb::Key key;
  dynamodb::Result<Value> item = dynamodb::parse_typed_item(json);
  if (!item.ok()) return key;
  for (std::size_t i = 0; i < item.value().names.size(); ++i)
    key.emplace_back(item.value().names[i],
                     dynamodb::ScalarValue{item.value().elements[i].type, item.value().elements[i].text});
  return key;
}

dynamodb::RequestSet make_requests(const ItemLookUp* look_up) {
  dynamodb::ReadRequest request;
  request.table = look_up->target->table_name;
  request.consistent_read = true;
  if (look_up->scope == LookUpScope::keys) {
    request.projection.emplace_back(look_up->target->partition_key);
    if (look_up->target->sort_key != nullptr) request.projection.emplace_back(look_up->target->sort_key);
  }
  std::vector<dynamodb::Key> keys;
  for (const std::string& key : look_up->keys) keys.push_back(to_request_key(key));
  dynamodb::RequestSet requests;
  requests.operation = look_up->operation;
  if (keys.size() == 1)
    requests.heads.push_back(dynamodb::get_item_head(request, keys.front()));
  else
    requests.heads = dynamodb::batch_get_item_heads(request, keys);
  return requests;
}

void start(ItemLookUp* look_up) {
  look_up->operation = look_up->keys.size() == 1 ? "GetItem" : "BatchGetItem";
  look_up->activity = begin_write_activity(look_up->target, look_up->operation, look_up->context);
  dynamodb::PageStreamOptions options;
  options.max_in_flight = static_cast<uint32_t>(look_up->target->max_connections);
  look_up->stream = make_owned<PageStream>(look_up->context, [&] {
    return std::make_unique<PageStream>(*look_up->target->client, make_requests(look_up), options, nullptr,
                                        dynamodb::system_clock());
  });
  watch_stream(look_up->activity, look_up->stream, look_up->context);
}

// Library code.
std::optional<Error> note_item(ItemLookUp* look_up) {
  auto key = key_of_decoded(look_up->target, look_up->item, 0, look_up->target->sort_key != nullptr ? 1 : -1);
  if (!key.ok()) return std::move(key.error());
  if (!look_up->keys.contains(key.value()))
    return Error::corrupt_response("the service answered with an item that was not asked for");
  look_up->found_key = std::move(key.value());
  look_up->found_item.clear();
  if (look_up->scope == LookUpScope::keys) return std::nullopt;
  return append_json_document(look_up->found_item, look_up->item, dynamodb::JsonForm::typed);
}

}  // namespace

ItemLookUp* make_item_look_up(const WriteTarget* target, LookUpScope scope, MemoryContext context) {
  hold_client(target->client, context);
  return make_owned<ItemLookUp>(context, [&] {
    auto made = std::make_unique<ItemLookUp>();
    made->target = target;
    made->scope = scope;
    made->context = context;
    made->selection.add(target->partition_key);
    if (target->sort_key != nullptr) made->selection.add(target->sort_key);
    if (scope == LookUpScope::whole_items) made->selection.select_all();
    return made;
  });
}

void add_key(ItemLookUp* look_up, std::string_view key) {
  PlainError failure;
  if (!guard(&failure, [&] { look_up->keys.emplace(key); })) report_error(failure, {});
}

bool next_found(ItemLookUp* look_up, const std::string** key, const std::string** item) {
  if (look_up->keys.empty()) return false;
  if (look_up->stream == nullptr) start(look_up);
  for (;;) {
    PageStream::Step step = advance_stream(look_up->stream, look_up->selection, &look_up->item,
                                           look_up->target->serverid, error_context(look_up));
    if (step == PageStream::Step::end) return false;
    if (step == PageStream::Step::item) break;
    wait_and_advance(look_up->target->client, error_context(look_up), look_up->stream->wake_time());
  }
  PlainError failure;
  if (!guard(&failure, [&] { return note_item(look_up); })) report_error(failure, error_context(look_up));
  *key = &look_up->found_key;
  *item = &look_up->found_item;
  return true;
}

}  // namespace dynamodb_fdw
