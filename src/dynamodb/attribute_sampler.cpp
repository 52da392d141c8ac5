// Looks at some items of many tables, to learn which attributes they have and of which types.
#include "dynamodb/attribute_sampler.hpp"

#include "dynamodb/request.hpp"

namespace dynamodb {
namespace {

void count_attribute(AttributeSample& sample, std::string_view name, AttributeType type) {
  auto found = sample.find(name);
  if (found == sample.end()) {
    if (sample.size() >= AttributeSampler::kMaxNames) return;
    found = sample.emplace(std::string(name), SampledAttribute{}).first;
  }
  SampledAttribute& attribute = found->second;
  ++attribute.items;
  if (type == AttributeType::NUL) return;
  if (!attribute.type) attribute.type = type;
  if (*attribute.type != type) attribute.mixed = true;
}

}  // namespace

AttributeSampler::AttributeSampler(Client& client, std::vector<std::string> tables, uint64_t items_per_table)
    : client_(client), items_per_table_(items_per_table), progress_(tables.size()) {
  outcomes_.reserve(tables.size());
  for (std::string& table : tables) outcomes_.push_back({std::move(table), {}, std::nullopt});
}

bool AttributeSampler::advance() {
  collect();
  while (send_more()) {
    client_.advance();
    collect();
  }
  return next_ == outcomes_.size() && resumable_.empty() && calls_.size() == 0;
}

void AttributeSampler::collect() {
  std::size_t number;
  while (auto call = calls_.take_finished(&number)) {
    if (call->error() != nullptr) {
      outcomes_[number].error = *call->error();
      continue;
    }
    BodyBuffer body = call->take_body();
    body.pad();
    read_page(number, body);
    client_.recycle(std::move(body));
  }
}

bool AttributeSampler::send_more() {
  auto most = static_cast<std::size_t>(client_.config().max_connections);
  bool sent = false;
  while (calls_.size() < most && (!resumable_.empty() || next_ < outcomes_.size())) {
    std::size_t number = next_;
    if (resumable_.empty()) {
      ++next_;
    } else {
      number = resumable_.back();
      resumable_.pop_back();
    }
    send(number);
    sent = true;
  }
  return sent;
}

void AttributeSampler::send(std::size_t number) {
  const Progress& progress = progress_[number];
  ReadRequest request;
  request.table = outcomes_[number].table;
  std::string body = scan_head(request);
  body += ",\"Limit\":" + std::to_string(items_per_table_ - progress.items);
  if (!progress.start_key.empty()) body += ",\"ExclusiveStartKey\":" + progress.start_key;
  body += '}';
  calls_.add(number, client_.start("Scan", std::move(body)));
}

void AttributeSampler::read_page(std::size_t number, const BodyBuffer& body) {
  outcomes_[number].error = count_items(number, body);
  reader_.close();
  Progress& progress = progress_[number];
  const PageSummary& summary = reader_.summary();
  if (outcomes_[number].error || !summary.has_last_evaluated_key || progress.items >= items_per_table_) return;
  progress.start_key = summary.last_evaluated_key;
  resumable_.push_back(number);
}

std::optional<Error> AttributeSampler::count_items(std::size_t number, const BodyBuffer& body) {
  AttributeSelection everything;
  everything.select_all();
  if (auto error = reader_.open(body)) return error;
  for (;;) {
    PageReader::Step step = reader_.next(everything, item_);
    if (step == PageReader::Step::failed) return reader_.error();
    if (step == PageReader::Step::end) return std::nullopt;
    ++progress_[number].items;
    for (const Item::Attribute& attribute : item_.attributes())
      count_attribute(outcomes_[number].sample, attribute.name, item_.node(attribute.node).type);
  }
}

}  // namespace dynamodb
