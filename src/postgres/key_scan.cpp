// Reads the keys of all items of a table that the transaction writes to, as TRUNCATE needs them.
#include "key_scan.hpp"

#include "activity.hpp"
#include "connections.hpp"
#include "handles.hpp"
#include "item_keys.hpp"
#include "read_stream.hpp"
#include "wait.hpp"

namespace dynamodb_fdw {

using dynamodb::PageStream;

struct KeyScan {
  const WriteTarget* target;
  PageStream* stream;
  Activity* activity;
  dynamodb::AttributeSelection selection;
  dynamodb::Item item;
  std::string key;
};

namespace {

constexpr uint32_t kSegments = 8;

ErrorContext error_context(const KeyScan* scan) { return {"Scan", scan->target->table_name, scan->activity}; }

dynamodb::RequestSet key_requests(const WriteTarget* target) {
  dynamodb::ReadRequest request;
  request.table = target->table_name;
  request.consistent_read = true;
  request.projection.emplace_back(target->partition_key);
  if (target->sort_key != nullptr) request.projection.emplace_back(target->sort_key);
  dynamodb::RequestSet requests;
  requests.operation = "Scan";
  requests.heads.push_back(dynamodb::scan_head(request));
  requests.segments = kSegments;
  return requests;
}

}  // namespace

KeyScan* begin_key_scan(const WriteTarget* target, MemoryContext context) {
  hold_client(target->client, context);
  Activity* activity = begin_write_activity(target, "Scan", context);
  auto* scan = make_owned<KeyScan>(context, [&] {
    auto made = std::make_unique<KeyScan>();
    made->target = target;
    made->activity = activity;
    made->selection.add(target->partition_key);
    if (target->sort_key != nullptr) made->selection.add(target->sort_key);
    return made;
  });
  dynamodb::PageStreamOptions options;
  options.max_in_flight = Min(kSegments, static_cast<uint32_t>(target->max_connections));
  scan->stream = make_owned<PageStream>(context, [&] {
    return std::make_unique<PageStream>(*target->client, key_requests(target), options, nullptr,
                                        dynamodb::system_clock());
  });
  watch_stream(activity, scan->stream, context);
  return scan;
}

const std::string* next_key(KeyScan* scan) {
  for (;;) {
    PageStream::Step step =
        advance_stream(scan->stream, scan->selection, &scan->item, scan->target->serverid, error_context(scan));
    if (step == PageStream::Step::end) return nullptr;
    if (step == PageStream::Step::item) break;
    wait_and_advance(scan->target->client, error_context(scan), scan->stream->wake_time());
  }
  PlainError failure;
  bool done = guard(&failure, [&]() -> std::optional<dynamodb::Error> {
    auto key = key_of_decoded(scan->target, scan->item, 0, scan->target->sort_key != nullptr ? 1 : -1);
    if (!key.ok()) return std::move(key.error());
    scan->key = std::move(key.value());
    return std::nullopt;
  });
  if (!done) report_error(failure, error_context(scan));
  return &scan->key;
}

bool is_pending_key(const WriteTarget* target, const std::string& key) {
  const dynamodb::PendingEntry* entry = target->writes->find(key);
  return entry != nullptr && target->writes->sends(*entry);
}

}  // namespace dynamodb_fdw
