// Fuzzes the readers of answers to writes and to the looks at what became of one: any bytes give a value or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dynamodb/write_look.hpp"
#include "dynamodb/write_response.hpp"
#include "unit/test_page.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace dynamodb;
  const BodyBuffer body = test::page_of({reinterpret_cast<const char*>(data), size});

  ItemWrite write;
  write.table = "abc";
  write.key = R"({"id":{"N":"1"}})";
  WriteAnswerReader reader;
  const Result<WriteAnswer> answer = reader.read(body);
  if (!answer.ok() && answer.error().message.empty()) std::abort();
  if (answer.ok())
    for (const UnprocessedWrite& unprocessed : answer.value().unprocessed) (void)is_of(unprocessed, write);

  write.item = R"({"id":{"N":"1"},"a":{"L":[{"SS":["x"]}]}})";
  write.changes = {{parse_document_path("a[0].b").value(), R"({"N":"2"})"}, {parse_document_path("c[1]").value(), ""}};
  for (const auto kind : {ItemWrite::Kind::put, ItemWrite::Kind::update, ItemWrite::Kind::remove}) {
    write.kind = kind;
    const Result<LookVerdict> verdict = look_verdict(write, body);
    if (!verdict.ok() && verdict.error().message.empty()) std::abort();
  }
  return 0;
}
