// Which segments of a table to scan for a random sample of its items.
#include "dynamodb/scan_sample.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

// Items of one partition come together. Small segments spread the sample over many partitions; a request costs half a
// unit at least, which buys 4 KB to 8 KB of items, some sixteen of ordinary size.
constexpr double kItemsPerSegment = 16;

constexpr double kSmallTable = 1.5;  // items for each that is wanted: up to there a sample is no gain
constexpr double kReserve = 1.1;     // segments are of different sizes

}  // namespace

ScanSample choose_scan_sample(double item_count, double wanted, int whole_segments, Random& random) {
  ScanSample sample;
  sample.whole = item_count <= wanted * kSmallTable;
  if (sample.whole) {
    sample.segments = static_cast<uint32_t>(whole_segments);
    sample.chosen.resize(sample.segments);
    std::iota(sample.chosen.begin(), sample.chosen.end(), 0u);
    return sample;
  }
  sample.segments = static_cast<uint32_t>(std::clamp(item_count / kItemsPerSegment, 1.0, double{kMaxScanSegments}));
  const double share = std::min(1.0, kReserve * wanted / item_count);
  const auto count = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(sample.segments * share)));
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t first = sample.segments * i / count;
    const uint64_t end = std::max(sample.segments * (i + 1) / count, first + 1);
    const auto offset = static_cast<uint64_t>(random.next() * static_cast<double>(end - first));
    sample.chosen.push_back(static_cast<uint32_t>(std::min(first + offset, end - 1)));
  }
  return sample;
}

RequestSet scan_sample_requests(const ScanSample& sample, const ReadRequest& request) {
  RequestSet requests;
  requests.operation = "Scan";
  const std::string head = scan_head(request);
  for (uint32_t segment : sample.chosen) requests.heads.push_back(head + segment_members(segment, sample.segments));
  return requests;
}

}  // namespace dynamodb
